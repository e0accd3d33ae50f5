"""Browsers at our doors: each signed in as one of the demonstration city's people, or nobody, all on one hand clock."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import func, select

from app.demo.load import DEMO_PASSWORD
from app.tickets.tables import Record
from app.web.app import create_app
from tests.cast import Cast

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette would rather have httpx2, which nothing else here needs
    from fastapi.testclient import TestClient

LEAK = "青棠苑3栋2单元1502，厨房顶上一直滴水，楼上漏下来的，电话13812345678"
Browsers = Callable[[str], "Browser"]


@dataclass
class Browser:
    """One person's browser: it keeps its cookies and does not follow redirects by itself."""

    client: TestClient

    def get(self, path: str) -> Response:
        answer: Response = self.client.get(path, follow_redirects=False)
        return answer

    def post(self, path: str, *, files: Any = None, **form: str) -> Response:
        answer: Response = self.client.post(path, data=form, files=files, follow_redirects=False)
        return answer

    def shown(self, path: str) -> str:
        """The page, which must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text[:300]}"
        return answer.text

    def done(self, path: str, *, files: Any = None, **form: str) -> str:
        """The page an act leads to; it must have been done."""
        answer = self.post(path, files=files, **form)
        assert answer.status_code == 303, f"{path} answered {answer.status_code}: {_words(answer.text)}"
        return self.shown(answer.headers["location"])


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())[:300]


@dataclass
class House:
    """The hotline, and a browser for whoever comes."""

    cast: Cast
    browse: Browsers

    def submit(self, text: str = LEAK, *, form_id: str = "form-00000001", **fields: str) -> tuple[Browser, str]:
        """A resident's browser after submitting, and the ticket's number."""
        resident = self.browse("")
        given = {"text": text, "phone": "13812345678", "name": "王秀兰", "form_id": form_id, **fields}
        answer = resident.post("/h5/submit", **given)
        assert answer.status_code == 303, _words(answer.text)
        return resident, answer.headers["location"].partition("/t/")[2].partition("?")[0]

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.cast.hotline.look() as tx:
            return {
                table.name: tx.session.scalar(select(func.count()).select_from(table)) or 0
                for table in Record.metadata.sorted_tables
            }


@contextmanager
def open_house(cast: Cast) -> Iterator[House]:
    app = create_app(cast.hotline, with_worker=False)
    with ExitStack() as stack:
        stack.enter_context(TestClient(app))  # the intake thread lives as long as this

        def browse(login: str) -> Browser:
            browser = Browser(TestClient(app, raise_server_exceptions=False))
            if login:
                answer = browser.post("/signin", login=login, password=DEMO_PASSWORD)
                assert answer.status_code == 303, _words(answer.text)
            return browser

        yield House(cast, browse)


@pytest.fixture
def house(sqlite_cast: Cast) -> Iterator[House]:
    with open_house(sqlite_cast) as opened:
        yield opened


@pytest.fixture
def any_house(cast: Cast) -> Iterator[House]:
    """On SQLite, and again on PostgreSQL."""
    with open_house(cast) as opened:
        yield opened
