"""The spreadsheets about persons: those who work with the hotline, and those who live in the estates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from sqlalchemy import select

from app.errors import BadInput
from app.register import people
from app.register.entries import PEOPLE, RESIDENTS, PersonEntry, ResidentEntry
from app.register.importers import Importer, given
from app.register.model import Person
from app.register.sheets import Problems, Row
from app.tickets.lifecycle import ROLE_NAMES, Role
from app.tickets.residents import Household, Resident

PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}")


class People(Importer[PersonEntry]):
    sheet = PEOPLE

    @cached_property
    def persons(self) -> dict[str, Person]:
        return {person.login: person for person in people.list_people(self.session)}

    def key(self, row: Row) -> str:
        return row["login"].lower()

    def known(self) -> Mapping[str, PersonEntry]:
        contractors = {c.id: c.name for c in self.contractors.values()}
        purchasers = {p.id: p.name for p in self.purchasers.values()}
        return {
            p.login: PersonEntry(
                p.login,
                p.name,
                ROLE_NAMES[p.role],
                contractors.get(p.contractor_id or 0, "") or purchasers.get(p.purchaser_id or 0, ""),
            )
            for p in self.persons.values()
        }

    def entry(self, row: Row, old: PersonEntry | None) -> PersonEntry:
        login = people.proper_login(row["login"])
        role = people.role_named(row["role"])
        org = given(row, "org", old).get("org", "")
        people.check_org(role, *self._ids(role, org))
        return PersonEntry(login, row["name"], ROLE_NAMES[role], org, self._new_password(login, row["password"]))

    def check(self, entries: Sequence[tuple[Row, PersonEntry]], problems: Problems) -> None:
        seen: dict[str, Row] = {}
        for row, entry in entries:
            first = seen.setdefault(entry.login, row)
            if first is not row and first["login"] != row["login"]:
                problems.add(row.line, f"账号“{row['login']}”与第{first.line}行只有大小写不同", "账号不分大小写，只留一行")

    def _ids(self, role: Role, org: str) -> tuple[int | None, int | None]:
        if not org:
            return None, None
        if role is Role.CONTRACTOR:
            return self.contractor(org).id, None
        if org in self.contractors:
            raise BadInput(f"{ROLE_NAMES[role]}的账号不能挂在承接主体名下", cure="评价、监督与承接须分开，请改填购买主体或留空")
        return None, self.purchaser(org).id

    def _new_password(self, login: str, password: str) -> str:
        """The password to set, "" if it is the one already set or none is given."""
        person = self.persons.get(login)
        if person is None:
            password = password or self.setting.default_password
        elif not password or self.setting.passwords.matches(person.password_hash, password):
            return ""
        return people.proper_password(password) if password else ""

    def keep(self, entry: PersonEntry, old: PersonEntry | None) -> None:
        role = people.role_named(entry.role)
        contractor_id, purchaser_id = self._ids(role, entry.org)
        if old is None:
            people.add_person(
                self.session,
                login=entry.login,
                name=entry.name,
                role=role,
                password=entry.password or None,
                now=self.setting.now,
                contractor_id=contractor_id,
                purchaser_id=purchaser_id,
                passwords=self.setting.passwords,
            )
            return
        person = self.persons[entry.login]
        if (person.role, person.contractor_id, person.purchaser_id) != (role, contractor_id, purchaser_id):
            people.move_person(self.session, person, role=role, contractor_id=contractor_id, purchaser_id=purchaser_id)
        person.name = entry.name
        if entry.password:
            people.set_password(self.session, person, entry.password, passwords=self.setting.passwords)


class Residents(Importer[ResidentEntry]):
    sheet = RESIDENTS

    @cached_property
    def residents(self) -> dict[str, Resident]:
        """Everybody with a phone; of several with the same one, the newest."""
        return {r.phone: r for r in self.session.scalars(select(Resident).where(Resident.phone != "").order_by(Resident.id))}

    @cached_property
    def households(self) -> dict[tuple[int, str, str, str], Household]:
        return {(h.estate_id, h.building, h.unit, h.room): h for h in self.session.scalars(select(Household))}

    def known(self) -> Mapping[str, ResidentEntry]:
        homes = {h.id: h for h in self.households.values()}
        names = {e.id: e.name for e in self.estates.values()}
        found: dict[str, ResidentEntry] = {}
        for phone, resident in self.residents.items():
            home = homes.get(resident.household_id or 0)
            at = (names[home.estate_id], home.building, home.unit, home.room) if home is not None else ("", "", "", "")
            found[phone] = ResidentEntry(resident.name, phone, *at)
        return found

    def entry(self, row: Row, old: ResidentEntry | None) -> ResidentEntry:
        if not PHONE.fullmatch(row["phone"]):
            raise BadInput(f"手机“{row['phone']}”不像电话号码", cure="填11位手机号，或带区号的固定电话")
        estate = self.estate(row["estate"])
        return ResidentEntry(row["name"], row["phone"], estate.name, **given(row, "building unit room", old))

    def keep(self, entry: ResidentEntry, old: ResidentEntry | None) -> None:
        at = (self.estates[entry.estate].id, entry.building, entry.unit, entry.room)
        home = self.households.get(at)
        if home is None:
            home = self.households[at] = Household(estate_id=at[0], building=at[1], unit=at[2], room=at[3])
            self.session.add(home)
            self.session.flush()
        resident = self.residents.get(entry.phone)
        if resident is None:
            resident = Resident(phone=entry.phone, created_at=self.setting.now)
            self.session.add(resident)
        resident.name = entry.name
        resident.household_id = home.id
