"""Sets of signed records that five people make at random, and mostly sensibly,
so that every rule of docs/protocol.md section 7 has something to judge."""
import random

from records import LINKS, Record
from make import Person, ZERO, pack, public, record, text_hash
import verdicts

DAY = 86400000
NOW = 1700000000000
NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve")
LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-4.0", "cc-by-sa-4.0", "CC-BY-SA-3.0",
            "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0",
            "all-rights-reserved", "MIT")


class Writer:
    """Makes and keeps the records of one topic."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.people = [Person(name) for name in NAMES]
        self.raw, self.records = [], []
        self.topic = ZERO
        self.at = NOW
        self.fine = set()       # ids of what stands, as of the last look
        self.leads = [self.people[0]]
        self.looked = 0

    def look(self):
        """Judges what there is, so that later records can be sensible."""
        if len(self.records) < self.looked + 8:
            return
        self.looked = len(self.records)
        topic = verdicts.Topic(self.topic, self.records)
        verdict = topic.judge(2 ** 48)
        self.fine = {ident for ident, v in verdict.items()
                     if v[0] in ("in force", "superseded", "contested")}
        self.leads = [p for p in self.people if topic.at.leads(p.id)]

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def anyone(self):
        return self.random.choice(self.people)

    def leader(self):
        if self.leads and not self.one_in(12):
            return self.random.choice(self.leads)
        return self.anyone()

    def some(self, kind):
        """A record of that kind, or sometimes and for want of one any."""
        self.look()
        fit = [r for r in self.records if r.kind == kind]
        good = [r for r in fit if r.id in self.fine]
        if good and not self.one_in(12):
            fit = good
        if fit and not self.one_in(40):
            # The newest are the most interesting.
            return fit[max(self.random.randrange(len(fit)),
                           self.random.randrange(len(fit)))]
        return self.random.choice(self.records)

    def any(self):
        return self.random.choice(self.records)

    def make(self, kind, by, fields, links=(), revises=None, created=None,
             **more):
        created = self.at if created is None else created
        number = next((int(row[0]) for name, row in verdicts.KINDS.items()
                       if name == kind), kind)
        device = by.device
        if self.one_in(12):
            device = text_hash("spare" + by.id.hex())
        if kind in ("device_revoke", "succession"):
            device = by.key(0) if not self.one_in(6) else device
        certificate = None
        if kind == "device_revoke":
            certificate = by.certificate(public(device))
        links = [(LINKS[name], r if isinstance(r, bytes) else r.id)
                 for name, r in links]
        if self.one_in(150):
            fields = dict(fields)
            fields.pop(self.random.choice(sorted(fields)), None)
        if self.one_in(200) and links:
            links.pop()
        if self.one_in(200) and self.records and revises is None:
            revises = self.any()
        if self.one_in(300):
            more.update(opaque_body=b"secret", flags=2)
        if self.one_in(80):
            created += self.random.randrange(200) * DAY
        more.setdefault("flags", self.random.randrange(2))
        parts, _ = record(
            number, by, seed=device, topic=more.pop("topic", self.topic),
            created=created, revises=revises and revises.id, links=links,
            fields=fields, certificate=certificate, **more)
        r = Record(pack(parts))
        self.raw.append(parts)
        self.records.append(r)
        return r

    def done(self):
        """The records' bytes; some that were retracted have lost theirs."""
        gone = {r.link("target") for r in self.records
                if r.kind == "retraction"}
        verdict = verdicts.Topic(self.topic, self.records).judge(2 ** 48)
        out = []
        for parts, r in zip(self.raw, self.records):
            if r.id in gone and verdict[r.id][0] == "retracted" and \
                    self.one_in(2):
                parts = [parts[0], None] + parts[2:]
            out.append(pack(parts))
        return out


class Story(Writer):
    """One topic from its first record on."""

    def __init__(self, seed, steps, only=None, always=()):
        """Kinds in `always` are made in every story, and often."""
        super().__init__(seed)
        pick = self.random.randrange(20)
        if pick == 0:
            self.topic = self.people[0].id
            self.profile()
        elif pick == 1:
            self.topic = self.request(founds=True).id
        else:
            self.topic = self.project(founds=True).id
        chances = dict(CHANCES)
        theme = self.random.choice(THEMES)
        for name in theme:
            chances[name] *= 5
        for name in self.random.sample(sorted(chances), len(chances) // 3):
            if name not in theme:
                chances[name] = 0
        for name in always:
            chances[name] = 5 * CHANCES[name]
        names = [only] if only else list(chances)
        while len(self.records) < steps:
            self.at += self.random.choice((0, 1, 60000, DAY // 3, 3 * DAY))
            if self.one_in(60):
                self.at += self.random.randrange(5, 120) * DAY
            getattr(self, self.random.choices(
                names, [chances.get(n, 1) for n in names])[0])()

    def terms(self):
        terms = {"pay": self.random.choice((1, 2, 2, 2, 2, 2, 3)) if not self.one_in(20) else 4,
                 "decision": 3 if self.one_in(20)
                 else self.random.choice((1, 1, 2)), "ml_use": 1}
        if self.one_in(2):
            terms["silence_days"] = self.random.choice((0, 1, 7, 30))
        if self.one_in(2):
            terms["house_share_bp"] = self.random.choice((0, 1, 5000, 10000))
        return terms

    def project(self, founds=False):
        fields = {"goal": "g", "title": "T", "medium":
                  self.random.choice((1, 2, 7, 7, 9)), "terms": self.terms(),
                  "licence": self.random.choice(LICENCES)}
        base = self.records[0] if self.records else None
        if base is not None and base.kind == "project" and base.fields and \
                not self.one_in(4) and "terms" in base.fields:
            fields.update({k: base.fields[k] for k in ("terms", "licence")
                           if k in base.fields})
        if self.one_in(2):
            fields["admission"] = self.random.choice((1, 1, 2, 2, 3, 9))
        if founds:
            return self.make("project", self.people[0], fields)
        return self.make("project", self.leader(), fields,
                         revises=None if self.one_in(20) else base)

    def with_project(self, links=()):
        links = list(links)
        if not self.one_in(30):
            links.append(("project", self.topic))
        elif self.one_in(2):
            links.append(("project", self.any()))
        return links

    def revised(self, kind, by):
        """Sometimes: the first record of an object, and its author."""
        if self.one_in(3):
            r = self.some(kind)
            own = [p for p in self.people if p.id == r.author]
            if not self.one_in(10) and own:
                by = own[0]
            if r.revises and not self.one_in(10):
                r = next((x for x in self.records if x.id == r.revises), r)
            return r, by
        return None, by

    def request(self, founds=False):
        revises, by = (None, self.people[0]) if founds else \
            self.revised("request", self.leader())
        links = [] if founds else self.with_project()
        if not founds and self.one_in(2):
            links.append(("project_revision", self.some("project")))
        fields = {"deliverable": "d", "media_kinds": [1], "title": "R"}
        if self.one_in(2):
            fields["deadline"] = self.at + self.random.randrange(60) * DAY
        return self.make("request", by, fields, links, revises)

    def person_id(self):
        return self.anyone().id

    def profile(self):
        revises, by = None, self.people[0]
        if self.records:
            revises, by = self.revised("profile", self.leader())
        self.make("profile", by, {"name": "N"}, revises=revises,
                  topic=by.id if self.topic == ZERO or self.one_in(3)
                  else self.topic)
        if self.records[-1].topic != self.topic and len(self.records) > 0:
            self.drop()

    def drop(self):
        """A record of another topic is not part of the set."""
        self.raw.pop()
        self.records.pop()

    def membership(self):
        self.make("membership", self.leader(),
                  {"person": self.person_id(),
                   "role": self.random.choice((1, 2, 2, 3, 3, 4, 4, 5, 9))},
                  self.with_project())

    def accept(self):
        m = self.some("membership")
        by = next((p for p in self.people if p.id == m.get("person")),
                  self.anyone())
        if self.one_in(10):
            by = self.anyone()
        self.make("accept", by, {"credit_as": "x"},
                  self.with_project([("membership", m)]))

    def handover(self):
        self.make("handover", self.leader(), {"new_creator": self.person_id()},
                  self.with_project())

    def vouch(self):
        self.make("vouch", self.anyone(), {"person": self.person_id()})

    def update(self):
        revises, by = self.revised("update", self.leader())
        self.make("update", by, {"text": "t"}, self.with_project(), revises)

    def request_close(self):
        revises, by = self.revised("request_close", self.leader())
        self.make("request_close", by,
                  {"note": "n", "outcome": self.random.randrange(1, 9)},
                  [("request", self.some("request"))], revises)

    def contribution(self):
        revises, by = self.revised("contribution", self.anyone())
        fields = {"files": [], "licence": self.random.choice(LICENCES[:4] if
                  self.random.random() < .8 else LICENCES), "media_kind": 1,
                  "rights_statement": "mine", "title": "W", "work_kind": 1}
        links = []
        if self.one_in(2):
            links.append(("request", self.some("request")))
        if self.one_in(3):
            links += self.with_project()
        if self.one_in(6):
            fields["performers"] = [
                {"role": "horn", "person": self.person_id()}
                if self.one_in(2) else {"role": "oboe", "name": "Zoë"}]
        if self.one_in(12):
            fields["pages"] = [self.some("page").id]
        self.make("contribution", by, fields, links, revises)

    def resource(self):
        child = self.some("contribution")
        revises, by = self.revised("resource", self.anyone())
        if revises is None and not self.one_in(8):
            by = next(p for p in self.people if p.id == child.author)
        if revises is not None and revises.kind == "resource" and \
                not self.one_in(4):
            child = next((r for r in self.records
                          if r.id == revises.link("child")), child)
        fields, links = {"thanks": "thanks"}, [("child", child)]
        if self.one_in(4):
            fields["source_text"] = "the sea"
            if self.one_in(2):
                fields["source_author"] = self.person_id()
            if self.one_in(3):
                fields["upstream"] = [self.person_id()]
            if self.one_in(2):
                fields["source_licence"] = self.random.choice(LICENCES)
        else:
            links.append(("source", self.some("contribution")))
            if self.one_in(15):
                links[-1] = ("source", text_hash("elsewhere"))
        if self.one_in(2):
            fields["relation"] = self.random.randrange(1, 6)
        if self.one_in(15):
            fields["withdrawn"] = "no more"
        if self.one_in(8):
            fields["claim"] = True
        claims = [one for one in self.records if one.kind == "resource" and
                  one.fields and one.get("claim")]
        if claims and self.one_in(2) or self.one_in(20):
            links.append(("answers", self.random.choice(
                claims or [self.some("resource")])))
            if not self.one_in(4):
                links[0] = ("child", next(
                    (r for r in self.records
                     if r.id == links[-1][1].link("child")), child))
                by = next(p for p in self.people
                          if p.id == links[0][1].author)
                revises = None
            if self.one_in(3):
                fields["declined"] = "not so"
        self.make("resource", by, fields, links, revises)

    def direction(self):
        revises, by = self.revised("direction", self.leader())
        self.make("direction", by, {"text": "warmer"},
                  [("target", self.any())], revises)

    def selection(self):
        revises, by = self.revised("selection", self.leader())
        self.make("selection", by, {"state": self.random.randrange(1, 6)},
                  [("contribution", self.some("contribution"))], revises)

    def comment(self):
        revises, by = self.revised("comment", self.anyone())
        links = [("target", self.any())]
        if self.one_in(3):
            links.append(("reply_to", self.some("comment")))
        self.make("comment", by, {"text": "hm"}, links, revises)

    def thread(self):
        revises, by = self.revised("thread", self.anyone())
        self.make("thread", by, {"text": "t", "title": "T"}, (), revises)

    def feedback(self):
        revises, by = self.revised("feedback", self.anyone())
        self.make("feedback", by, {"text": "f", "tone": 1},
                  [("target", self.some("contribution"))], revises)

    def lesson(self):
        revises, by = self.revised("lesson", self.leader())
        self.make("lesson", by, {
            "call_to_action": "do", "demonstration": [], "index": 1,
            "expects": {"media_kind": 1, "min": 1}}, self.with_project(),
            revises)

    def courage(self):
        revises, by = self.revised("courage", self.anyone())
        links = [("thread", self.some("thread"))]
        fields = {"declaration": "I dare"}
        if self.one_in(2):
            links.append(("helps", self.some("courage")))
            fields["accept"] = True
        else:
            if not self.one_in(3):
                fields["helper"] = self.person_id()
            if self.one_in(2):
                links.append(("keepsake", self.some("release")))
        self.make("courage", by, fields, links, revises)

    def other(self):
        kind, fields = self.random.choice((
            ("recommendation", {"words": "good"}),
            ("collection", {"items": [], "title": "C"}),
            ("journal", {"text": "j", "title": "J"}),
            ("ruling", {"reason": "r", "person": self.person_id()}),
            ("report", {"reason": "r", "person": self.person_id()}),
            ("block", {"reason": "r", "person": self.person_id()})))
        by = self.people[0] if self.one_in(2) else self.anyone()
        revises, by = self.revised(kind, by)
        links = []
        if kind == "recommendation" or \
                kind in ("ruling", "report", "block") and self.one_in(2):
            links = [("target", text_hash("elsewhere") if self.one_in(8)
                      else self.any())]
        if kind == "journal" and self.one_in(2):
            links = [("project", self.any())]
        self.make(kind, by, fields, links, revises)

    def rights(self):
        work = self.some("contribution")
        if self.one_in(3):
            revises, by = self.revised("rights_request", self.leader())
            self.make("rights_request", by, {"scope": "s"},
                      [("contribution", work)], revises)
            return
        revises, by = self.revised("rights_grant", self.anyone())
        if not self.one_in(6):
            by = next(p for p in self.people if p.id == work.author)
        links = [("contribution", work)]
        if self.one_in(3):
            links.append(("rights_request", self.some("rights_request")))
        self.make("rights_grant", by, {"scope": "s"}, links,
                  revises if self.one_in(3) else None)

    def page(self):
        """A page, and soon something that goes on in it."""
        by = self.leader()
        what, items = self.random.choice((
            ("parts", [{"contribution": self.some("contribution").id}]),
            ("credits", [{"role": "r", "person": self.person_id()}, 7]),
            ("omitted", [{"person": self.person_id(), "reason": "r"}]),
            ("waived", [self.person_id()]), ("tags", ["blue"])))
        self.make("page", by, {"index": 0, "items": items, "of": what})

    def release(self):
        revises, by = self.revised("release", self.leader())
        works = [self.some("contribution")
                 for _ in range(self.random.randrange(4))]
        people = [p for p in self.people if self.random.random() < .9]
        fields = {"credits": [{"role": "r", "person": p.id} for p in people] +
                  [{"role": "r", "name": "Nobody"}], "files": [], "medium": 2,
                  "parts": [{"contribution": w.id} for w in works],
                  "title": "Out"}
        for part in fields["parts"]:
            if self.one_in(3):
                part["version"] = next(
                    (r.id for r in reversed(self.records)
                     if r.revises == part["contribution"]),
                    self.some("contribution").id)
        left = [p for p in self.people if p not in people]
        if left and self.one_in(2):
            fields["omitted"] = [{"person": p.id, "reason": "asked to"}
                                 for p in left]
        if self.one_in(6):
            fields["pages"] = [self.some("page").id for _ in range(2)]
        self.make("release", by, fields, self.with_project(), revises)

    def retraction(self):
        target = self.any()
        by = next(p for p in self.people if p.id == target.author)
        self.make("retraction", self.anyone() if self.one_in(9) else by,
                  {"reason": "sorry"}, [("target", target)])

    def unknown(self):
        links = [("target", self.any()), ("reply_to", self.any())]
        self.make(self.random.choice((1000, 1001)), self.anyone(), {"x": 1},
                  links[:self.random.randrange(1, 3)])

    def revoke(self):
        """In the person's own topic, which each set takes part of."""
        by = self.anyone()
        device = by.device if self.one_in(12) else \
            text_hash("spare" + by.id.hex())
        fields = {"device": public(device),
                  "since": self.at - self.random.randrange(40) * DAY}
        if self.one_in(3):
            fields["known"] = [r.id[:16] for r in self.records
                               if self.random.random() < .8][:3000]
        self.make("device_revoke", by, fields,
                  topic=self.topic if self.one_in(9) else by.id)

    # Splits

    def share_list(self, bad=True):
        people = self.random.sample(self.people, self.random.randrange(1, 4))
        cuts = sorted(self.random.sample(range(1, 10000), len(people) - 1))
        bps = [b - a for a, b in zip([0] + cuts, cuts + [10000])]
        if bad and self.one_in(12):
            bps[0] -= 1
        waived = [p.id for p in people if self.one_in(5)]
        return [{"person": p.id, "bp": bp}
                for p, bp in zip(people, bps)], waived

    def income(self):
        links = [("release", self.some("release"))] if self.one_in(3) else []
        self.make("income", self.leader(), {
            "costs": self.random.choice((0, 0, 50, 900)),
            "gross": self.random.choice((0, 100, 101, 12345, 2 ** 53 - 1)),
            "currency": "eur" if self.one_in(20) else "EUR",
            "mode": 3 if self.one_in(15) else self.random.choice((1, 1, 2)),
            "period": "2023", "source": "shop"},
            self.with_project(links) if self.one_in(2) else links,
            revises=self.any() if self.one_in(30) else None)

    def split_proposal(self):
        shares, waived = self.share_list()
        opens = self.at + self.random.choice((0, 0, 0, DAY, -1))
        length = 14 * DAY if not self.one_in(10) else \
            self.random.randrange(12, 16) * DAY
        fields = {"opens_at": opens, "closes_at": opens + length,
                  "shares": shares}
        if waived:
            fields["waived"] = waived
        self.make("split_proposal", self.leader(), fields,
                  [("income", self.some("income"))])

    def split_feedback(self):
        self.make("split_feedback", self.anyone(),
                  {"reason": 1, "text": "me too"},
                  [("proposal", self.some("split_proposal"))])

    def split_reply(self):
        self.make("split_reply", self.leader(), {"answer": 1, "text": "yes"},
                  [("feedback", self.some("split_feedback"))])

    def split_accept(self):
        self.make("split_accept", self.anyone(), {"accept": not
                  self.one_in(6)}, [("proposal", self.some("split_proposal"))])

    def split_final(self):
        proposal = self.some("split_proposal")
        shares = proposal.get("shares", [])
        waived = proposal.get("waived", [])
        if self.one_in(3) or not shares:
            shares, waived = self.share_list()
        income = next((r for r in self.records
                       if r.id == proposal.link("income")), None)
        bp = {s["person"]: s["bp"] for s in shares}
        due, pool = {}, 0
        if income is not None and income.kind == "income" and income.fields:
            topic = verdicts.Topic(self.topic, self.records)
            if topic.judge(2 ** 48)[income.id][0] == "in force":
                pool = topic.pool(income)
        if set(bp) - set(waived):
            due = verdicts.amounts(pool, bp, set(waived))
        if self.one_in(12) and due and pool < 2 ** 50:
            due[sorted(due)[0]] += 1
        if proposal.kind == "split_proposal" and not self.one_in(8):
            self.at = max(self.at, proposal.get("closes_at", 0))
        if self.one_in(2):
            for f in [f for f in self.records if f.kind == "split_feedback"
                      and f.link("proposal") == proposal.id]:
                self.make("split_reply", self.people[0],
                          {"answer": 1, "text": "so be it"},
                          [("feedback", f)])
        if self.one_in(2):
            for p in self.people:
                if p.id in bp:
                    self.make("split_accept", p, {"accept": True},
                              [("proposal", proposal)])
        fields = {"shares": shares, "amounts": [
            {"person": p, "amount": n} for p, n in due.items()]}
        if waived:
            fields["waived"] = waived
        self.make("split_final", self.leader(), fields,
                  [("proposal", proposal)])

    def receipt(self):
        final = self.some("split_final")
        paid = [a["person"] for a in final.get("amounts", [])]
        person = self.random.choice(paid) if paid and not self.one_in(6) else \
            self.person_id()
        by = self.leader() if self.one_in(2) else next(
            p for p in self.people if p.id == person)
        self.make("receipt", by, {
            "amount": 10, "currency": "USD" if self.one_in(10) else "EUR",
            "method": "cash", "person": person}, [("final", final)])


# What some stories are mostly about.
THEMES = (
    ("income", "split_proposal", "split_feedback", "split_reply",
     "split_accept", "split_final", "receipt"),
    ("income", "split_proposal", "split_final", "receipt"),
    ("membership", "accept", "handover", "vouch", "project"),
    ("contribution", "resource", "release", "page"),
    ("contribution", "resource", "rights", "release"),
    ("thread", "courage", "release", "feedback", "lesson"),
    ("retraction", "unknown", "revoke"), ("other", "profile"), ())

CHANCES = {
    "project": 3, "request": 4, "profile": 1, "membership": 6, "accept": 7,
    "handover": 2, "vouch": 4, "update": 2, "request_close": 4,
    "contribution": 14, "resource": 12, "direction": 2, "selection": 4,
    "comment": 3, "thread": 3, "feedback": 3, "lesson": 2, "courage": 5,
    "other": 3, "rights": 3, "page": 4, "release": 7, "retraction": 3, "unknown": 1,
    "revoke": 1, "income": 4, "split_proposal": 5, "split_feedback": 4,
    "split_reply": 4, "split_accept": 4, "split_final": 6, "receipt": 6,
}
