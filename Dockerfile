# One image for `thresher serve` and `thresher worker`. Build from the top of the checkout: docker build -t thresher .
# Every package comes from requirements.lock, whose hashes pip checks; the development tools of the lock stay out.
# Pin PYTHON to a digest (python:3.11-slim-bookworm@sha256:…) where the same bytes must be built twice.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements.lock deploy/runtime_lock.py ./
RUN python runtime_lock.py requirements.lock > runtime.txt \
    && python runtime_lock.py requirements.lock hatchling > hatchling.txt \
    && python -m venv /opt/thresher \
    && /opt/thresher/bin/pip install --require-hashes --requirement runtime.txt \
    && python -m pip install --require-hashes --requirement hatchling.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY chunkers chunkers
COPY service service
COPY thresher thresher
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/thresher/bin/pip install --no-deps --no-index dist/*.whl \
    && THRESHER_HOME=/opt/thresher/home /opt/thresher/bin/thresher models pull

FROM ${PYTHON}
COPY --from=build /opt/thresher /opt/thresher
# the embedded model's engine stands on OpenMP, which slim images lack
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /data thresher \
    && install --directory --owner=thresher --group=thresher --mode=0700 /data
ENV PATH=/opt/thresher/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    THRESHER_HOME=/opt/thresher/home
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["thresher"]
CMD ["serve", "--host", "0.0.0.0", "--folder", "/data"]
