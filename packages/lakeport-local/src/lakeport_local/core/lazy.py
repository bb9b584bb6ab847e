"""A property that is computed once for each object, by one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")


class lazy(Generic[Value]):  # noqa: N801  it is used as `property` is
    """`functools.cached_property` without its lock, which costs more than most values: objects stay on one thread.

    Example:
        >>> class Circle:
        ...     @lazy
        ...     def area(self) -> float:
        ...         return 3.0
        >>> Circle().area
        3.0
    """

    def __init__(self, compute: Callable[..., Value]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[Value]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> lazy[Value] | Value:
        """Compute the value; the object's own attribute hides this from then on."""
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
