"""The tree of errors a user can meet. Each message is one Chinese sentence: what is wrong and what to do."""

from __future__ import annotations

from typing import Any


class HotlineError(Exception):
    """Anything a person is told about. ``status`` is what the web answers; the command line exits with 2.

    ``kind`` names the problem to programs where the status does not say enough; ``members`` is what else they are told of it.
    """

    status = 400
    title = "请求有误"
    kind = ""

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.members: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"{self.message}（{self.cure}）" if self.cure else self.message


class BadInput(HotlineError):
    """What was given cannot be used; nothing was changed. ``field`` is what is wrong, where it is one thing."""

    status = 422
    title = "内容有误"

    def __init__(self, message: str, *, cure: str = "", field: str = "") -> None:
        super().__init__(message, cure=cure)
        self.field = field


class BadFile(HotlineError):
    """A policy or register file that cannot be used; names file and line."""

    status = 422
    title = "文件有误"

    def __init__(self, message: str, *, file: str, line: int | None = None, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.file = file
        self.line = line

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file} 第{self.line}行"
        return f"{where}：{super().__str__()}"


class NotFound(HotlineError):
    """No such thing."""

    status = 404
    title = "未找到"


class NotAllowed(HotlineError):
    """The thing exists and this person may not do that to it."""

    status = 403
    title = "没有权限"


class Hidden(NotAllowed):
    """Not there, or none of theirs: which of the two is not said, so the answer is the same to the byte."""

    def __init__(self) -> None:
        super().__init__("没有这张工单，或者您无权查看", cure="请核对工单号")


class NotSignedIn(HotlineError):
    status = 401
    title = "请先登录"


class Conflict(HotlineError):
    """Somebody else was first; says what happened meanwhile."""

    status = 409
    title = "情况已变化"


class Busy(HotlineError):
    """Too much at once: try again shortly. Nothing was taken in."""

    status = 503
    title = "系统繁忙"
