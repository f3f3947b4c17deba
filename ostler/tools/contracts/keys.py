"""Keys that the standard does not know, which its own model would pass over in silence."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel


def misspelt(data: object, model: type[BaseModel], path: str = "") -> Iterator[str]:
    """A sentence per key of a document that its model has no field for."""
    if not isinstance(data, dict):
        return
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for key, value in cast("dict[Any, Any]", data).items():
        here = f"{path}.{key}" if path else str(key)
        if key not in fields:
            yield f"{here} is not a key of ODCS{suggestion(str(key), fields)}"
        else:
            yield from _inside(value, fields[key].annotation, here)


def _inside(value: object, annotation: object, path: str) -> Iterator[str]:
    options = get_args(annotation) or (annotation,)
    if get_origin(annotation) is list:
        options = (annotation,)
    for option in options:
        if isinstance(value, dict) and isinstance(option, type) and issubclass(option, BaseModel):
            yield from misspelt(cast("object", value), option, path)
            return
        if isinstance(value, list) and get_origin(option) is list:
            for place, item in enumerate(cast("list[object]", value)):
                yield from _inside(item, get_args(option)[0], f"{path}[{place}]")
            return


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'required'?` when a known word is close, and nothing otherwise."""
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
