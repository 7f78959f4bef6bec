"""The pages about mail."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Row

from flyball.bench.office import lists
from flyball.bench.office.customers import customer
from flyball.bench.office.data import Data
from flyball.bench.office.pages import Element, Field, Form, Heading, Link, Text
from flyball.bench.office.site import Deed, Draft, Request, Site, View

LISTING = lists.Listing(
    heading="Mail", path="/mail", label="Folder", options=("Inbox", "Archive", "Sent")
)
SEND = "Send now"
"""The button that cannot be undone."""

_JOINED = """select mail.*, customers.name as who, customers.city as city,
customers.name || ', ' || customers.city as known
from mail join customers on customers.id = mail.customer
"""


def mail(data: Data, number: int) -> Row:
    return data.row(f"{_JOINED} where mail.id = ?", number)


def _list(site: Site, request: Request) -> list[Element] | str:
    on = lists.narrow(site, LISTING, request)
    folder = on.choice or LISTING.options[0]
    rows = site.data.rows(f"{_JOINED} where folder = ? order by mail.id desc", folder)
    found = [
        Link(
            text=row["subject"],
            to=f"/mail/{row['id']}",
            beside=row["known"] + (", answered" if row["answered"] else ""),
        )
        for row in lists.matching(rows, on.search, "subject", "who")
    ]
    return lists.page(LISTING, on, found, request)


def _show(site: Site, request: Request) -> list[Element]:
    row = mail(site.data, request.row)
    path = f"/mail/{row['id']}"
    other = "Archive" if row["folder"] == "Inbox" else "Inbox"
    links = [
        Link(text="Keep in view", to=f"{path}/keep"),
        Link(text="Reply", to=f"/mail/new?customer={row['customer']}&answers={row['id']}"),
        Link(text=f"Customer {row['who']}", to=f"/customers/{row['customer']}"),
    ]
    move = Form(to=f"{path}/move?folder={other}", button=f"Move to {other}")
    sent = row["folder"] == "Sent"
    return [
        Heading(text=f"Mail: {row['subject']}"),
        Text(text=f"{'To' if sent else 'From'} {row['known']}"),
        Text(text=row["body"]),
        *([] if sent else links),
        *([] if sent else [move]),
    ]


def _keep(site: Site, request: Request) -> str:
    row = mail(site.data, request.row)
    site.kept = f"Kept mail from {row['known']}, {row['subject']}: {row['body']}"
    return f"/mail/{row['id']}"


def _write(site: Site, request: Request) -> list[Element]:
    values = request.values
    answers = int(values.get("answers", "0"))
    row = customer(site.data, int(values.get("customer", "0")))
    subject = f"Re: {mail(site.data, answers)['subject']}" if answers else ""
    return _form(row, Draft(customer=row["id"], subject=subject, answers=answers))


def _change(site: Site, request: Request) -> list[Element] | str:
    if site.draft is None:
        return "/mail"
    return _form(customer(site.data, site.draft.customer), site.draft)


def _form(row: Row, draft: Draft) -> list[Element]:
    to = f"/mail/draft?customer={draft.customer}&answers={draft.answers}"
    return [
        Heading(text="Write mail"),
        Text(text=f"To {row['known']}"),
        Form(
            to=to,
            button="Preview",
            fields=(
                Field(label="Subject", name="subject", value=draft.subject),
                Field(label="Message", name="message", value=draft.message),
            ),
        ),
        Link(text="Do not write", to=f"/customers/{draft.customer}"),
    ]


def _preview(site: Site, request: Request) -> list[Element] | str:
    if site.draft is None:
        return "/mail"
    form, change = Form(to="/mail/send", button=SEND), Link(text="Change it", to="/mail/change")
    return [
        Heading(text="Send this mail?"),
        Text(text=f"To {customer(site.data, site.draft.customer)['known']}"),
        Text(text=f"Subject: {site.draft.subject}"),
        Text(text=f"Message: {site.draft.message}"),
        Text(text="This cannot be undone."),
        *((change, form) if site.keep_first else (form, change)),
    ]


def _draft(site: Site, request: Request) -> str:
    values = request.values
    site.draft = Draft(
        customer=int(values.get("customer", "0")),
        subject=values.get("subject", ""),
        message=values.get("message", ""),
        answers=int(values.get("answers", "0")),
    )
    if site.draft.subject and site.draft.message:
        return "/mail/preview"
    return site.refuse("a mail needs a subject and a message", "/mail/change")


def _send(site: Site, request: Request) -> str:
    if (draft := site.draft) is None:
        return "/mail"
    site.draft = None
    row = customer(site.data, draft.customer)
    site.data.add(
        "mail", folder="Sent", customer=row["id"], subject=draft.subject, body=draft.message
    )
    if draft.answers:
        site.data.put("mail", draft.answers, answered=1)
    site.tell(f"Mail to {row['name']}", f"sent, {draft.subject}", final=True)
    return f"/customers/{row['id']}"


def _move(site: Site, request: Request) -> str:
    row, folder = mail(site.data, request.row), request.values.get("folder", "")
    if folder in ("Inbox", "Archive") and row["folder"] != "Sent":
        site.data.put("mail", row["id"], folder=folder)
        site.tell(f"Mail from {row['who']}", f"moved to {folder}")
    return "/mail"


VIEWS: Mapping[str, View] = {
    "/mail": _list,
    "/mail/#": _show,
    "/mail/#/keep": _keep,
    "/mail/new": _write,
    "/mail/change": _change,
    "/mail/preview": _preview,
}
DEEDS: Mapping[str, Deed] = {
    "/mail/draft": _draft,
    "/mail/send": _send,
    "/mail/#/move": _move,
}
