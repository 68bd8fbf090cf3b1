"""Matters of a service: one folder each, apart by tenant; imports into them as Tasks of the workers.

Begin at `import_task.py`: what a worker does with a Task that is an import, in a process of its own (`import_process.py`).
"""
