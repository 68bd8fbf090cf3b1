"""Resume: a person's work, schools and skills. Dates are as printed, since most name only a month or a year."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Job(BaseModel):
    """One position held."""

    employer: str | None = Field(None, description="Company or body")
    title: str | None = Field(None, description="Position held")
    place: str | None = Field(None, description="City and country as printed")
    start: str | None = Field(None, description="When it began, as printed", examples=["Mar 2019"])
    end: str | None = Field(None, description="When it ended, as printed", examples=["present"])
    tasks: list[str] = Field([], description="What was done there, one bullet each")


class School(BaseModel):
    """One course of study."""

    school: str | None = Field(None, description="School or university")
    degree: str | None = Field(None, description="Degree as printed", examples=["B.Sc."])
    subject: str | None = Field(None, description="Field of study")
    start: str | None = Field(None, description="When it began, as printed")
    end: str | None = Field(None, description="When it ended, as printed")
    grade: str | None = Field(None, description="Grade as printed")


class Certificate(BaseModel):
    """One certificate, licence or award."""

    name: str | None = Field(None, description="What it is called")
    issuer: str | None = Field(None, description="Who gave it")
    obtained: str | None = Field(None, description="When, as printed")


class Language(BaseModel):
    """One language."""

    name: str | None = Field(None, description="The language")
    level: str | None = Field(None, description="How well, as printed", examples=["fluent", "B2"])


class Resume(BaseModel):
    """One resume or curriculum vitae."""

    name: str | None = Field(None, description="Full name of the person")
    headline: str | None = Field(None, description="Profession or title under the name")
    email: str | None = Field(None, description="E-mail address")
    phone: str | None = Field(None, description="Telephone number as printed")
    address: str | None = Field(None, description="Address or city as printed")
    links: list[str] = Field([], description="Web pages and profiles as printed")
    profile: str | None = Field(None, description="Summary at the top, in its own words")
    jobs: list[Job] = Field([], description="Every position, in printed order")
    schools: list[School] = Field([], description="Every course of study, in printed order")
    skills: list[str] = Field([], description="Skills, one each")
    certificates: list[Certificate] = Field([], description="Certificates, licences and awards")
    languages: list[Language] = Field([], description="Languages spoken")
    publications: list[str] = Field([], description="Publications and talks as printed")
