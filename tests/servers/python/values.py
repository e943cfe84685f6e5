"""A tool for each type of argument, which answers with the value that it received, as JSON."""

import json
from datetime import date
from typing import Any

from pydantic import BaseModel


class Named(BaseModel):
    name: str


def received(value: Any) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump()
    return json.dumps(value, default=str)


def add_tools(server) -> None:
    @server.tool()
    def value_text(value: str) -> str:
        return received(value)

    @server.tool()
    def value_count(value: int) -> str:
        return received(value)

    @server.tool()
    def value_amount(value: float) -> str:
        return received(value)

    @server.tool()
    def value_flag(value: bool) -> str:
        return received(value)

    @server.tool()
    def value_names(value: list[str]) -> str:
        return received(value)

    @server.tool()
    def value_object(value: Named) -> str:
        return received(value)

    @server.tool()
    def value_day(value: date) -> str:
        return received(value)

    @server.tool()
    def value_any(value: Any) -> str:
        return received(value)

    @server.tool()
    def value_default(value: str = "default") -> str:
        return received(value)
