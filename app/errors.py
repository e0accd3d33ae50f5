"""The tree of errors a user can meet. Each message is one Chinese sentence: what is wrong and what to do."""

from __future__ import annotations


class HotlineError(Exception):
    """Anything a person is told about. ``status`` is what the web answers; the command line exits with 2."""

    status = 400
    title = "请求有误"

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.message}（{self.cure}）" if self.cure else self.message


class BadInput(HotlineError):
    """What was given cannot be used; nothing was changed."""

    status = 422
    title = "内容有误"


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
    """No such thing, or none that this person may know of."""

    status = 404
    title = "未找到"


class NotAllowed(HotlineError):
    """The thing exists and this person may not do that to it."""

    status = 403
    title = "没有权限"


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
