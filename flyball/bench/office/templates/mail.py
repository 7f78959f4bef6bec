"""Tasks about mail."""

from __future__ import annotations

from random import Random

from flyball.bench.miniwob.oracles.moves import click, find
from flyball.bench.office.data import CUSTOMERS, TWINS, Data
from flyball.bench.office.moves import (
    View,
    Want,
    done,
    go,
    narrow,
    seek,
    submit,
    to_customer,
    to_order,
    write,
)
from flyball.bench.office.names import SENTENCES, SUBJECTS
from flyball.bench.office.template import Facts, Subgoal, Template
from flyball.bench.office.templates import drawing
from flyball.bench.office.templates.drawing import FILTER, LOOK_ALIKES, MOVED
from flyball.records import Action


def _a_mail(data: Data, rng: Random) -> dict[str, str]:
    """Choose a mail by a customer who has sent no other with its subject."""
    facts, subject = drawing.someone(data, rng), rng.choice(SUBJECTS)
    owner = int(facts["customer_id"])
    data.run(
        "update mail set customer = customer % ? + 1 where customer = ? and subject = ?",
        *(CUSTOMERS + TWINS, owner, subject),
    )
    number = rng.choice(data.rows("select id from mail order by id"))["id"]
    data.put("mail", number, customer=owner, subject=subject)
    return {**facts, "subject": subject, "mail": str(number)}


def _to_mail(view: View, want: Want) -> Action | None:
    """Move towards the mail's own page; None once it is there."""
    known = f"{want['customer']}, {want['city']}"
    if view.heading == f"Mail: {want['subject']}" and view.says(f"From {known}"):
        return None
    return seek(view, "Mail", want["subject"], known)


def _sent(facts: Facts, subject: str) -> Subgoal:
    return drawing.holds(
        "sent",
        "select 1 from mail where folder = 'Sent' and customer = ? and subject = ? and body = ?",
        *(int(facts["customer_id"]), subject, facts["message"]),
    )


def _reply(want: Want, view: View) -> Action:
    known, subject = f"{want['customer']}, {want['city']}", f"Re: {want['subject']}"
    if view.did(f"Mail to {want['customer']}: sent, {subject}"):
        if view.did(f"Mail from {want['customer']}: moved to Archive"):
            return done()
        return _to_mail(view, want) or click(find(view.page, "Move to Archive", "button"))
    move = write(view, known, subject, want["message"])
    return move or _to_mail(view, want) or go(view, "Reply")


def _put_reply(data: Data, facts: Facts) -> None:
    owner, subject = int(facts["customer_id"]), f"Re: {facts['subject']}"
    data.put("mail", int(facts["mail"]), answered=1, folder="Archive")
    data.add("mail", folder="Sent", customer=owner, subject=subject, body=facts["message"])


REPLY_MAIL = Template(
    name="reply-mail",
    wordings=(
        'Reply "{message}" to the mail "{subject}" from {customer} in {city}, then archive it.',
        '{customer} in {city} wrote "{subject}". Answer "{message}", and move the mail to the '
        "archive.",
        'The mail "{subject}" from {customer} in {city}: reply to it with "{message}" and archive '
        "it after that.",
        'Send {customer} in {city} the reply "{message}" to "{subject}", and archive that mail.',
    ),
    prepare=lambda data, rng: {**_a_mail(data, rng), "message": rng.choice(SENTENCES)},
    change=_put_reply,
    subgoals=lambda facts: (
        drawing.seen("mail found", f"/mail/{facts['mail']}$"),
        drawing.seen("reply written", "/mail/preview"),
        _sent(facts, f"Re: {facts['subject']}"),
        drawing.holds(
            "archived",
            "select 1 from mail where id = ? and folder = 'Archive'",
            int(facts["mail"]),
        ),
    ),
    plan=_reply,
    steps=(12, 12),
    traps=(LOOK_ALIKES, "a row that reads differently once it is answered"),
)


def _to_write(data: Data, rng: Random) -> Facts:
    text = {"subject": rng.choice(SUBJECTS), "message": rng.choice(SENTENCES)}
    return {**drawing.someone(data, rng), **text}


def _write(want: Want, view: View) -> Action:
    if view.did(f"Mail to {want['customer']}: sent, {want['subject']}"):
        return done()
    known = f"{want['customer']}, {want['city']}"
    move = write(view, known, want["subject"], want["message"])
    return move or to_customer(view, want) or go(view, "Write mail")


WRITE_MAIL = Template(
    name="write-mail",
    wordings=(
        'Write to {customer} in {city}: subject "{subject}", message "{message}".',
        'Send {customer} in {city} a mail with the subject "{subject}" that says "{message}".',
        'Mail "{message}" to {customer} in {city}; the subject is "{subject}".',
        '{customer} in {city} should get the mail "{subject}" with the text "{message}".',
    ),
    prepare=_to_write,
    change=lambda data, facts: data.add(
        "mail",
        folder="Sent",
        customer=int(facts["customer_id"]),
        subject=facts["subject"],
        body=facts["message"],
    ),
    subgoals=lambda facts: (
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.seen("mail written", "/mail/preview"),
        _sent(facts, facts["subject"]),
    ),
    plan=_write,
    steps=(10, 11),
    traps=(LOOK_ALIKES, FILTER),
)


def _to_archive(data: Data, rng: Random) -> Facts:
    facts = drawing.someone(data, rng)
    owner = int(facts["customer_id"])
    data.run(
        "update mail set customer = customer % ? + 1 where customer = ?", CUSTOMERS + TWINS, owner
    )
    rows = data.rows("select id from mail order by id")
    numbers = [row["id"] for row in rng.sample(rows, rng.choice((2, 3)))]
    for number in numbers:
        data.put("mail", number, customer=owner)
    return {**facts, "mails": " ".join(map(str, sorted(numbers)))}


def _archive(want: Want, view: View) -> Action:
    known = f"{want['customer']}, {want['city']}"
    if view.says(f"From {known}") and view.has("Move to Archive", "button"):
        return click(find(view.page, "Move to Archive", "button"))
    if move := narrow(view, "Mail", want["customer"]):
        return move
    theirs = [opening for _, text, opening in view.rows() if text.startswith(known)]
    if theirs:
        return theirs[0]
    return go(view, "Next page") if view.has("Next page") else done()


def _put_archived(data: Data, facts: Facts) -> None:
    for number in facts["mails"].split():
        data.put("mail", int(number), folder="Archive")


ARCHIVE_MAIL = Template(
    name="archive-mail",
    wordings=(
        "Archive every mail in the inbox that is from {customer} in {city}.",
        "Move all mails by {customer} in {city} from the inbox to the archive.",
        "The inbox has mails from {customer} in {city}: put them all into the archive.",
        "Clear the inbox of what {customer} in {city} sent; archive it.",
    ),
    prepare=_to_archive,
    change=_put_archived,
    subgoals=lambda facts: tuple(
        drawing.holds(
            f"mail {number} archived",
            "select 1 from mail where id = ? and folder = 'Archive'",
            int(number),
        )
        for number in facts["mails"].split()
    ),
    plan=_archive,
    steps=(8, 10),
    traps=(LOOK_ALIKES, MOVED),
)


def _request(data: Data, rng: Random) -> Facts:
    facts = _a_mail(data, rng)
    item, _ = drawing.some_items(data, rng, 1)[0]
    order = drawing.give_orders(data, rng, facts["customer_id"], item, "Open")[0]
    quantity = rng.randint(21, 60)
    body = f"Please change order {order} to {quantity} pieces."
    data.put("mail", int(facts["mail"]), body=body)
    return {**facts, "order": str(order), "quantity": str(quantity)}


def _do_request(want: Want, view: View) -> Action:
    kept = f"Kept mail from {want['customer']}, {want['city']}, {want['subject']}: "
    words = view.told(kept).rstrip(".").split()
    if not words:
        return _to_mail(view, want) or go(view, "Keep in view")
    order, quantity = words[3], words[5]
    if view.heading == f"Edit order {order}":
        return submit(view, "Save", Quantity=quantity)
    if move := to_order(view, order):
        return move
    return done() if view.told("Item: ").split()[0] == quantity else go(view, "Edit order")


DO_MAIL = Template(
    name="do-mail",
    wordings=(
        'Do what {customer} in {city} asks for in the mail "{subject}".',
        'In the mail "{subject}", {customer} in {city} wants something changed. Change it.',
        'Carry out the request of {customer} in {city}: it is in the mail "{subject}".',
        'See the mail "{subject}" from {customer} in {city}, and do it.',
    ),
    prepare=_request,
    change=lambda data, facts: data.put(
        "orders", int(facts["order"]), quantity=int(facts["quantity"])
    ),
    subgoals=lambda facts: (
        drawing.seen("mail found", f"/mail/{facts['mail']}$"),
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        drawing.holds(
            "quantity set",
            "select 1 from orders where id = ? and quantity = ?",
            *(int(facts["order"]), int(facts["quantity"])),
        ),
    ),
    plan=_do_request,
    steps=(13, 14),
    traps=(LOOK_ALIKES, FILTER, "a request that is not on the page where it is to be done"),
)

TEMPLATES = (REPLY_MAIL, WRITE_MAIL, ARCHIVE_MAIL, DO_MAIL)
