"""What every address under /api/v1 shares: the token, problem+json with its examples, and refusals in the words of its reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from app.errors import BadInput
from app.tickets.lifecycle import Actor
from app.web.guards import program
from app.web.shapes import ConflictProblem, Problem

NUMBER = "GZ202611230000018"
_REFS = "#/components/schemas/{model}"
_SAID: Mapping[int, tuple[str, str, str]] = {  # status: kind, title and a sentence of each
    400: ("bad-request", "请求有误", "请求无法识别"),
    401: ("not-signed-in", "请先登录", "需要有效的访问令牌（请在请求头加上 Authorization: Bearer 令牌）"),
    403: ("not-allowed", "没有权限", "没有这张工单，或者您无权查看（请核对工单号）"),
    404: ("not-found", "未找到", f"没有找到工单 {NUMBER}"),
    422: ("invalid", "内容有误", "“text”填写有误：必填（请改正后重试）"),
    503: ("busy", "系统繁忙", "数据库暂时不可用（请稍后再试）"),
}
_MEANING = {400: "无法识别", 401: "需要令牌", 403: "没有权限", 404: "未找到", 422: "内容有误", 503: "系统繁忙"}


def _problem(words: str, shape: type[Problem], example: dict[str, Any]) -> dict[str, Any]:
    schema = shape.model_json_schema(mode="serialization", ref_template=_REFS)
    schema.pop("$defs", None)
    return {"description": words, "content": {"application/problem+json": {"schema": schema, "example": example}}}


def _example(status: int) -> dict[str, Any]:
    kind, title, detail = _SAID[status]
    example = {"type": f"/problems/{kind}", "title": title, "status": status, "detail": detail}
    return example | ({"field": "text"} if status == 422 else {})


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: _problem(words, Problem, _example(status)) for status, words in _MEANING.items()
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: _problem(
        "情况已变化：答复里有工单现在的状态，以及 seen 之后发生的事",
        ConflictProblem,
        {
            "type": "/problems/conflict",
            "title": "情况已变化",
            "status": 409,
            "detail": f"工单 {NUMBER} 现在是“已归档”，不能签收（请刷新页面查看最新进展）",
            "instance": f"/api/v1/tickets/{NUMBER}/acceptance",
            "number": NUMBER,
            "state": "closed",
            "state_name": "已归档",
            "seq": 7,
            "meanwhile": [],
        },
    )
}


class InChinese(APIRoute):
    """Says what is wrong with a request in the words of its reader, and which part of it."""

    whole = True  # the body is read before the route; one that takes pictures reads it as it comes, and no further than it may

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if self.whole and request.method == "POST":
                await request.body()  # kept with the request: what is sent as a form is still there to be hashed
            try:
                return await handler(request)
            except RequestValidationError as wrong:
                raise _wrong(wrong.errors()[0]) from None

        return handle


class Streamed(InChinese):
    whole = False


WORDS: Mapping[str, str] = {
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "string_type": "应为文字",
    "string_unicode": "含有无法保存的字符",
    "string_too_short": "不能为空",
    "string_pattern_mismatch": "含有不能用的字符，或过长",
    "nul": "含有无法保存的字符",
    "list_type": "应为列表",
    "missing": "必填",
    "extra_forbidden": "没有这一项",
    "json_invalid": "不是有效的 JSON",
    "model_attributes_type": "应为 JSON 对象",
    "model_type": "应为 JSON 对象",
    "dict_type": "应为 JSON 对象",
}
A_MOMENT = "应为带时区的时间，例如 2026-01-05T00:00:00+08:00"


def _wrong(error: Mapping[str, Any]) -> BadInput:
    """One thing that is wrong, the first; where a body as a whole is, it is called by what it should be."""
    where, limits = error["loc"], error.get("ctx", {})
    whole = error["type"] in ("json_invalid", "model_attributes_type", "model_type") or len(where) < 2
    field = "" if whole else str(where[1])
    known = re.sub(", | or ", "、", str(limits.get("expected", "")).replace("'", ""))
    by_kind = {
        "enum": f"可用的值：{known}",
        "literal_error": f"可用的值：{known}",
        "greater_than_equal": f"不得小于 {limits.get('ge')}",
        "less_than_equal": f"不得大于 {limits.get('le')}",
        "string_too_long": f"最多 {limits.get('max_length')} 字",
        "too_long": f"最多 {limits.get('max_length')} 项",
    }
    words = by_kind.get(error["type"]) or WORDS.get(error["type"], A_MOMENT)
    return BadInput(f"“{field or '请求正文'}”填写有误：{words}", cure="请改正后重试", field=field)


Viewer = Annotated[Actor, Depends(program)]
# The scheme is there for the OpenAPI document; ``program`` is what checks the token.
_bearer = HTTPBearer(auto_error=False, description="hotline token create 生成的令牌")


def router(kind: type[InChinese] = InChinese) -> APIRouter:
    """A router of /api/v1."""
    return APIRouter(prefix="/api/v1", responses=PROBLEMS, route_class=kind, dependencies=[Depends(_bearer)])
