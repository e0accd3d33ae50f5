"""How an act is put to people: the noun it is posted to, the button, what it asks for. Which are offered the table says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator

PICTURE = "photos_"  # begins the names of fields that take pictures


def _numbers(given: Any) -> Any:
    """Numbers of pictures, as a list or with commas between."""
    many = given if isinstance(given, list) else [given]
    return [part.strip() for one in many for part in str(one).split(",") if part.strip()]


class Given(BaseModel):
    """What a form of an act may carry. ``seen`` is the last event that the page showed, ``photos`` are pictures sent before."""

    text: str = ""
    reason: str = ""
    refer: str = ""
    eta: str = ""
    until: str = ""
    wanted: str = ""
    deadline: str = ""
    target: str = ""
    leaf: str = ""
    contractor: str = ""
    purchaser: str = ""
    into: str = ""
    codes: str = ""
    level: str = ""
    unseal: str = ""
    helper: str = ""
    code: str = ""
    outcome: str = ""
    round: str = ""
    finished: str = ""
    spot: str = ""
    photos: Annotated[list[str], BeforeValidator(_numbers)] = []
    rest: str = ""
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a form asks for. ``choices`` names the list that the page offers; "" is free text."""

    name: str
    label: str
    kind: str = "area"  # area, line, moment, choice, tick, photo
    hint: str = ""
    choices: str = ""

    @property
    def stage(self) -> str:
        """What a picture shows, by the name of its field."""
        return self.name.removeprefix(PICTURE)


@dataclass(frozen=True, slots=True)
class ActForm:
    """How an act is put to people: the noun it is posted to, the button, what it asks for."""

    noun: str
    button: str
    fields: tuple[Field, ...] = ()
    tone: str = ""  # primary, danger
    hint: str = ""

    @property
    def pictured(self) -> bool:
        """Whether pictures go with it."""
        return any(field.kind == "photo" for field in self.fields)


TEXT = Field("text", "内容")
REASON = Field("reason", "理由")
RULING = Field("reason", "裁决意见", hint="承办单位会看到")
PHOTOS = Field("photos_other", "照片", "photo")
UNSEAL = Field("unseal", "已阅全文，确认不涉及承接主体，解除保密", "tick", hint="解除后可以派给承接主体，承接主体能看到诉求全文")

FORMS: Mapping[str, ActForm] = {
    "dispatch": ActForm("dispatch", "派单", (Field("contractor", "承接主体", "choice", choices="contractors"),), "primary"),
    "refer": ActForm("referral", "转主管部门", (Field("purchaser", "主管部门", "choice", choices="purchasers"),)),
    "classify": ActForm("category", "改类别", (Field("leaf", "类别", "choice", choices="leaves"),)),
    "answer": ActForm("answer", "直接答复并办结", (Field("text", "答复内容", hint="会发给诉求人"),)),
    "reject": ActForm(
        "rejection",
        "不予受理",
        (Field("reason", "理由", hint="会告知诉求人"), Field("refer", "建议去向", "line", hint="例如：城管 12319")),
        "danger",
    ),
    "accept": ActForm("acceptance", "签收", (Field("eta", "预约上门时间", "moment", hint="会告知诉求人"),), "primary"),
    "contact": ActForm("contact", "记录联系", (Field("text", "联系情况", hint="何时、怎样联系、说了什么"),)),
    "progress": ActForm("progress", "填写进展", (Field("text", "进展", hint="会发给诉求人"), PHOTOS)),
    "hold": ActForm("hold", "挂起", (Field("reason", "理由", hint="会告知诉求人"), Field("until", "预计恢复时间", "moment"))),
    "resume": ActForm("resumption", "恢复办理", (), "primary"),
    "arrive": ActForm("arrival", "已到场", (PHOTOS,), hint="记下到场的时刻，停下到场的钟"),
    "acknowledge": ActForm("acknowledgement", "知悉", hint="反复提醒到此为止；时限和升级照旧"),
    "petition": ActForm(
        "petition",
        "申请延期",
        (Field("reason", "理由", hint="批准后会告知诉求人"), Field("wanted", "希望延到", "moment"), PHOTOS),
        hint="主管部门批准之前，原期限不变",
    ),
    "grant": ActForm(
        "extension",
        "批准延期",
        (Field("reason", "批准意见"), Field("until", "批准延到", "moment", hint="不填即为申请的时间；可以更早，不能更晚")),
        "primary",
    ),
    "deny": ActForm("refusal", "驳回延期", (Field("reason", "理由", hint="承办单位会看到；原期限不变"),)),
    "override": ActForm(
        "deadline",
        "调整期限",
        (
            Field("target", "时限项", "choice", choices="clocks"),
            Field("deadline", "新的期限", "moment"),
            Field("reason", "理由", hint="会告知诉求人和承办单位，并留痕"),
        ),
        "danger",
    ),
    "resolve": ActForm(
        "resolution",
        "办结",
        (
            Field("text", "办理结果", hint="做了什么、结果如何，会发给诉求人"),
            Field("photos_before", "修前照片", "photo"),
            Field("photos_after", "修后照片", "photo"),
            PHOTOS,
            Field("finished", "完成时间", "moment"),
            Field("spot", "地点", "line"),
        ),
        "primary",
    ),
    "reply": ActForm("reply", "回复诉求人", (Field("text", "回复内容", hint="会发给诉求人"),)),
    "append": ActForm(
        "addition",
        "补充情况",
        (Field("text", "诉求人补充的情况", hint="会转给承办单位；补上小区和房号后，待派的工单会重新派单"),),
    ),
    "note": ActForm("note", "内部备注", (Field("text", "备注", hint="诉求人看不到"),)),
    "nudge": ActForm("nudge", "催办", hint="提醒承办单位尽快办理"),
    "protect": ActForm("confidence", "为诉求人保密", hint="承办单位看不到诉求人是谁；一经保密不再解除"),
    "restate": ActForm(
        "restatement",
        "转述给承办单位",
        (Field("text", "转述", hint="承办单位只看到这段话，看不到诉求原文；不要写能认出诉求人的内容"),),
    ),
    "assist": ActForm(
        "assistance",
        "请求协办",
        (Field("helper", "协办单位", "choice", choices="contractors"), Field("text", "协办事项")),
    ),
    "assisted": ActForm("contribution", "协办完成", (Field("text", "完成情况", hint="主办单位和热线会看到"), PHOTOS), "primary"),
    "unassist": ActForm("dismissal", "撤销协办", (Field("helper", "协办单位", "choice", choices="helpers"), REASON)),
    "ask_return": ActForm(
        "return-request",
        "申请退单",
        (
            Field("code", "退单理由", "choice", choices="return_codes"),
            Field("reason", "说明", hint="写明为什么不属贵单位"),
            PHOTOS,
        ),
        hint="同意之前仍由贵单位承办，时限照走；驳回后不能再退",
    ),
    "grant_return": ActForm("return-consent", "同意退单", (RULING,), "primary"),
    "deny_return": ActForm("return-refusal", "驳回退单", (RULING,), hint="驳回即指定由该单位承办，不能再退"),
    "ask_closure": ActForm(
        "closure-request",
        "申请不解决办结",
        (Field("outcome", "结果", "choice", choices="closures"), Field("reason", "说明", hint="批准后会告知诉求人"), PHOTOS),
        hint="主管部门批准之前照常办理",
    ),
    "grant_closure": ActForm("closure-consent", "批准不解决办结", (Field("reason", "意见", hint="会告知诉求人"),), "danger"),
    "deny_closure": ActForm("closure-refusal", "驳回不解决办结", (RULING,)),
    "ask_exclusion": ActForm("exclusion-request", "申请剔除", (Field("reason", "理由", hint="同意后这张工单不计入考核"), PHOTOS)),
    "grant_exclusion": ActForm("exclusion-consent", "同意剔除", (RULING,)),
    "deny_exclusion": ActForm("exclusion-refusal", "驳回剔除", (RULING,)),
    "appeal": ActForm(
        "appeal",
        "对评价申诉",
        (Field("round", "哪一次办理的评价", "choice", choices="rated_rounds"), Field("reason", "理由"), PHOTOS),
    ),
    "grant_appeal": ActForm("appeal-consent", "申诉成立", (RULING,), hint="该次评价保留，不计入考核"),
    "deny_appeal": ActForm("appeal-refusal", "驳回申诉", (RULING,)),
    "approve": ActForm("approval", "审核通过", (), "primary", hint="办结从此算数，可以回访和归档"),
    "confirm": ActForm("confirmation", "诉求人确认解决", hint="诉求人亲口说已经解决；确认后归档"),
    "unmerge": ActForm("separation", "撤销并单", (Field("reason", "理由", hint="会告知诉求人"),)),
    "leave": ActForm("departure", "退出群体事件", (Field("reason", "理由", hint="会告知诉求人"),)),
    "supervise": ActForm(
        "supervision",
        "督办",
        (Field("level", "级别", "choice", choices="levels"), Field("text", "督办要求", hint="编号存档，并告知承办单位")),
        "danger",
    ),
    "report": ActForm("report", "督办反馈", (Field("text", "反馈内容", hint="主管部门会看到"), PHOTOS), "primary"),
    "return": ActForm("return", "收回改派", (Field("reason", "理由", hint="承办单位会看到"),), "danger"),
    "remand": ActForm("remand", "退回重办", (REASON,), "danger"),
    "reopen": ActForm("reopening", "重新办理", (REASON,)),
    "close": ActForm("closure", "归档", hint="审核通过，不再办理"),
    "merge": ActForm(
        "merger",
        "并入另一张工单",
        (Field("into", "并入的工单号", "line", hint="须是同一诉求人或同一户的；诉求人会收到告知，以后的话都归到那一张"),),
    ),
    "split": ActForm(
        "split",
        "拆单",
        (
            Field("text", "分办事项", hint="只写这一部分要办的事；派给承接主体的，承接主体只看到这段话"),
            Field("leaf", "分办事项的类别", "choice", choices="leaves"),
            Field("rest", "其余部分改为", "choice", hint="不选则原单照旧；选了就收回原单，按新类别另派", choices="leaves"),
        ),
        hint="分办事项自成一张工单，按类别派出；对诉求人仍只用原来的工单号",
    ),
    "join": ActForm("membership", "并入群体事件", (Field("into", "群体事件的主单号", "line", hint="诉求人会收到告知"),)),
    "alarm": ActForm("alarm", "应急告警", (Field("codes", "应急类别", "choice", choices="emergencies"),), "danger"),
    "withdraw": ActForm("withdrawal", "代诉求人撤回", (Field("reason", "理由", "line"),), "danger"),
}
# What of a resolution's form the category may ask for (``evidence`` in the taxonomy).
PROVES: Mapping[str, str] = {"photos_before": "before", "photos_after": "after", "finished": "time", "spot": "place"}
PICTURED = frozenset(form.noun for form in FORMS.values() if form.pictured)
BY_NOUN: Mapping[str, str] = {form.noun: action for action, form in FORMS.items()}
FIRST = (
    "grant",
    "deny",
    *("grant_return", "deny_return", "grant_closure", "deny_closure", "grant_exclusion", "deny_exclusion"),
    *("grant_appeal", "deny_appeal", "approve", "assisted", "report"),
    "accept",
    "resolve",
    "resume",
    "dispatch",
    "refer",
    "contact",
    "arrive",
    "progress",
    "reply",
    "answer",
)  # what one mostly came for
