"""A split: from an income to receipts, void finals, and one refusal.

Each person has a daemon of their own; days pass by `clock set`.  What a client
refuses to make is signed here with the key of that person's device, as by a
program that asks no rule.
"""
import datetime
import json
import unittest

import lab
from wire import records

DAY_MS = 86_400_000
SALT_AND_HEAD = 12  # of a key file, before its payload


class Signer:
    """The device of a node's person, in other hands."""

    def __init__(self, node, network="lab"):
        raw = next(node.home.rglob("device.key")).read_bytes()
        payload = raw[SALT_AND_HEAD:-32]
        self.seed, self.certificate = payload[:32], payload[32:]
        self.network = network
        self.author = bytes.fromhex(node.json("person", "show")["person"])

    def record(self, kind, topic, created, links, fields):
        parts, ident = records.record(
            kind=kind, seed=self.seed, author=self.author, topic=topic,
            created=created, links=links, fields=fields,
            certificate=self.certificate, network=self.network)
        return records.pack(parts), ident


class SplitTest(lab.LabTest):
    DECISION = "leader"

    def setUp(self):
        super().setUp()
        self.hub = self.node("archivist", "--test-clock")
        self.people = {}
        for name in ("Ada", "Ben", "Cyd", "Dora"):
            node = self.node(name.lower(), "--test-clock", person=name)
            node.meet(self.hub)
            setattr(self, name.lower(), node)
            self.people[name] = node.json("person", "show")["person"]
        self.start_ms = int(datetime.datetime.now().timestamp() * 1000)
        self.found()

    def found(self):
        """Ada's project, a request, and a work by each of the others."""
        self.project = self.ada.json(
            "project", "create", "--title", "Crown", "--goal", "A film",
            "--medium", "short_film", "--licence", "CC-BY-4.0", "--pay",
            "profit_share", "--house-share", "50%", "--decision",
            self.DECISION)["id"]
        self.ada.json("request", "publish", "--project", self.project,
                      "--title", "Draw", "--deliverable", "A crown", "--kind",
                      "text")
        for node in self.lab.nodes:
            if node is not self.ada:
                node.json("project", "follow", self.project)
        for node in (self.ben, self.cyd, self.dora):
            self.everywhere(self.project)
            self.everywhere(node.json(
                "contribute", "--project", self.project,
                self.file(node.home.name + ".txt", node.home.name), "--title",
                "A work", "--licence", "CC-BY-4.0", "--accept-terms")["id"])

    def everywhere(self, ident):
        """Waits until all nodes hold it; returns it."""
        for node in self.lab.nodes:
            lab.until(lambda: ident in node.records(self.project),
                      f"{ident} at {node.home.name}")
        return ident

    def at(self, day):
        return self.start_ms + round(day * DAY_MS)

    def day(self, number):
        """It is that many days later, for everybody."""
        now = datetime.datetime.fromtimestamp(self.at(number) / 1000,
                                              datetime.timezone.utc)
        for node in self.lab.nodes:
            node.json("clock", "set", now.isoformat())

    def forge(self, kind, day, links, fields):
        """Ada's device signs it without asking anybody."""
        raw, ident = Signer(self.ada).record(
            kind, bytes.fromhex(self.project), self.at(day),
            [(relation, bytes.fromhex(target)) for relation, target in links],
            fields)
        self.ada.json("record", "import", self.file("forged", raw))
        return self.everywhere(ident.hex())

    def forge_final(self, day, shares, amounts):
        person = {name: bytes.fromhex(self.people[name]) for name in shares}
        return self.forge(30, day, [(11, self.proposal)], {
            "shares": [{"person": person[n], "bp": shares[n]} for n in shares],
            "amounts": [{"person": person[n], "amount": amounts[n]}
                        for n in amounts]})

    def verdicts(self, ident):
        """What each node says of the record: all the same."""
        shown = [node.json("record", "show", ident) for node in self.lab.nodes]
        said = {(s["in_force"], s["void_reason"] or "") for s in shown}
        self.assertEqual(len(said), 1, said)
        return said.pop()

    def void(self, ident, reason):
        in_force, text = self.verdicts(ident)
        self.assertFalse(in_force)
        self.assertIn(reason, text)

    def in_force(self, ident):
        self.assertEqual(self.verdicts(ident), (True, ""))

    def seen(self, *command):
        """One answer, the same on all nodes outside of `local`."""
        answers = [node.json(*command) for node in self.lab.nodes]
        for answer in answers:
            answer.pop("local", None)
            self.assertEqual(answer, answers[0])
        return answers[0]

    def refused(self, node, code, text, *command):
        """Refused with a reason and what to do, and nothing is changed."""
        before = node.records(self.project)
        failure = node.refused(*command)
        self.assertEqual(failure.code, code, failure.err)
        self.assertIn(text, failure.err)
        self.assertEqual(node.records(self.project), before)

    def share(self, **percents):
        return [word for name, percent in percents.items() for word in (
            "--share", f"{self.people[name.capitalize()]}={percent}")]

    def declare(self):
        self.income = self.everywhere(self.ada.json(
            "income", "declare", "--project", self.project, "--gross",
            "1,000.00", "--costs", "200.00", "--currency", "EUR", "--period",
            "2026", "--source", "Tickets")["id"])

    def propose(self, **percents):
        self.proposal = self.everywhere(self.ada.json(
            "split", "propose", self.income, *self.share(**percents))["id"])

    def by_name(self, lines):
        names = {person: name for name, person in self.people.items()}
        return {names[line["person"]]: line for line in lines}


class Story(SplitTest):
    def test_from_the_income_to_receipts(self):
        self.refuse_what_is_wrong()
        self.declare()
        shown = self.seen("split", "show", self.income)
        self.assertEqual(shown["pool_minor"], 40000)
        self.assertEqual(shown["phase"], "declared")
        self.refuse_proposals()
        self.propose(ben="60%", cyd="40%")
        self.assertEqual(
            {name: (s["bp"], s["amount_minor"], s["state"]) for name, s in
             self.by_name(self.seen("split", "show",
                                    self.proposal)["shares"]).items()},
            {"Ben": (6000, 24000, "proposed"),
             "Cyd": (4000, 16000, "proposed")})
        self.say()
        self.too_early()
        self.unanswered()
        self.finish()
        self.pay()
        self.backdate()

    def refuse_what_is_wrong(self):
        income = ["income", "declare", "--project", self.project, "--period",
                  "2026", "--source", "Tickets"]
        self.refused(self.ada, 2, "no amount in EUR", *income, "--gross",
                     "1.000,00", "--currency", "EUR")
        self.refused(self.ada, 2, "no amount in JPY", *income, "--gross",
                     "10.50", "--currency", "JPY")
        self.refused(self.ada, 2, "no currency in use", *income, "--gross",
                     "1", "--currency", "ABC")
        self.refused(self.ben, 5, "not by a leader", *income, "--gross", "1",
                     "--currency", "EUR")

    def refuse_proposals(self):
        propose = ["split", "propose", self.income]
        self.refused(self.ada, 2, "nobody has a share", *propose)
        self.refused(self.ada, 2, "99.00 %", *propose,
                     *self.share(ben="60%", cyd="39%"))
        self.refused(self.ada, 5, "less than 14 days", *propose, "--window",
                     "13d", *self.share(ben="100%"))
        self.refused(self.ada, 5, "name each person once", *propose,
                     *self.share(ben="50%"), *self.share(ben="50%"))
        self.refused(self.ben, 5, "not by a leader", *propose,
                     *self.share(ben="100%"))
        drafted = self.folder / "shares.json"
        lines = self.ada.json("split", "draft", self.income, "--out",
                              drafted)["shares"]
        self.assertEqual({name: line["bp"] for name, line in
                          self.by_name(lines).items()}.keys(),
                         {"Ben", "Cyd", "Dora"})
        self.assertEqual(sum(line["bp"] for line in lines), 10000)

    def say(self):
        """Dora was left out; Ben finds his own share too much."""
        self.day(2)
        self.left_out = self.everywhere(self.dora.json(
            "split", "feedback", self.proposal, "I drew the crown", "--reason",
            "left_out", "--proposed", "33.33%")["id"])
        self.too_much = self.everywhere(self.ben.json(
            "split", "feedback", self.proposal, "That is more than I did",
            "--reason", "too_much")["id"])
        self.assertEqual(
            [(f["reason"], f["needs_answer"], f["answered"]) for f in
             self.seen("split", "show", self.proposal)["feedback"]],
            [("left_out", True, False), ("too_much", True, False)])
        self.refused(self.ben, 5, "not by a leader", "split", "reply",
                     self.left_out, "no", "--answer", "declined")

    def reply(self, feedback):
        self.everywhere(self.ada.json(
            "split", "reply", feedback, "You are right", "--answer",
            "agreed")["id"])

    def too_early(self):
        """Day 13: refused, and void everywhere if it is made all the same."""
        self.day(13)
        self.reply(self.left_out)
        self.refused(self.ada, 5, "before the proposal closed", "split",
                     "final", self.proposal)
        early = self.forge_final(13, {"Ben": 6000, "Cyd": 4000},
                                 {"Ben": 24000, "Cyd": 16000})
        self.void(early, "before the proposal closed")
        self.day(15)
        self.void(early, "before the proposal closed")

    def unanswered(self):
        """Day 15, and Ben has had no answer; a late one restores it."""
        self.refused(self.ada, 5, "unanswered", "split", "final",
                     self.proposal)
        final = self.forge_final(15, {"Ben": 6000, "Cyd": 4000},
                                 {"Ben": 24000, "Cyd": 16000})
        self.void(final, self.too_much)
        self.assertIn((final, "leaves feedback unanswered: " + self.too_much),
                      [(v["record"], v["reason"]) for v in
                       self.seen("split", "show", self.proposal)["void"]])
        self.refused(self.ben, 5, "after the proposal closed", "split",
                     "feedback", self.proposal, "Too late", "--reason",
                     "other")
        self.reply(self.too_much)
        self.in_force(final)
        wrong = self.forge_final(15.1, {"Ben": 6000, "Cyd": 4000},
                                 {"Ben": 24001, "Cyd": 15999})
        self.day(15.2)
        self.void(wrong, "amounts")

    def finish(self):
        """All three, to the last cent of 400.00."""
        self.final = self.everywhere(self.ada.json(
            "split", "final", self.proposal,
            *self.share(ben="33.34%", cyd="33.33%", dora="33.33%"))["id"])
        self.in_force(self.final)
        shown = self.seen("split", "show", self.proposal)
        amounts = {name: share["amount_minor"] for name, share in
                   self.by_name(shown["shares"]).items()}
        self.assertEqual(amounts,
                         {"Ben": 13336, "Cyd": 13332, "Dora": 13332})
        self.assertEqual(sum(amounts.values()), 40000)
        self.assertEqual((shown["phase"], shown["final"]),
                         ("final", self.final))

    def pay(self):
        """Ben signs for his, Ada for what she gave Cyd; Dora still waits."""
        self.everywhere(self.ben.json("receipt", "sign", self.final,
                                      "--method", "transfer")["id"])
        self.everywhere(self.ada.json(
            "receipt", "sign", self.final, "--person", self.people["Cyd"],
            "--amount", "133.32", "--method", "cash")["id"])
        self.refused(self.cyd, 5, "not by a leader", "receipt", "sign",
                     self.final, "--person", self.people["Dora"], "--amount",
                     "1", "--method", "cash")
        self.refused(self.ada, 5, "being paid", "split", "final",
                     self.proposal, *self.share(ben="100%"))
        items = self.by_name(self.seen("ledger", self.project)["items"])
        self.assertEqual(
            {name: (i["amount_minor"], i["settled_minor"], i["declared_minor"],
                    i["outstanding_minor"]) for name, i in items.items()},
            {"Ben": (13336, 13336, 0, 0), "Cyd": (13332, 0, 13332, 0),
             "Dora": (13332, 0, 0, 13332)})
        self.assertEqual(
            {name: share["state"] for name, share in self.by_name(
                self.seen("split", "show", self.final)["shares"]).items()},
            {"Ben": "settled", "Cyd": "declared", "Dora": "outstanding"})
        self.assertIn("133.36 EUR", self.dora.run("ledger").stdout)
        self.assertIn("400.00 EUR", self.dora.run("split", "show",
                                                  self.proposal).stdout)

    def backdate(self):
        """A proposal that claims an older day is pointed at, by each node."""
        self.day(20)
        ben = bytes.fromhex(self.people["Ben"])
        old = self.forge(22, 4, [(14, self.income)], {
            "opens_at": self.at(4), "closes_at": self.at(18),
            "shares": [{"person": ben, "bp": 10000}]})
        self.in_force(old)
        for node in self.lab.nodes:
            local = node.json("split", "show", old)["local"]
            self.assertTrue(local["seen_late"])
            self.assertEqual(local["opens_ms"], self.at(4))
            self.assertGreaterEqual(local["received_ms"], self.at(20))
            self.assertIn("first seen", node.run("split", "show", old).stdout)
        self.assertFalse(self.ada.json("split", "show",
                                       self.proposal)["local"]["seen_late"])


class Unanimous(SplitTest):
    DECISION = "unanimous"

    def test_one_refusal_blocks(self):
        self.declare()
        self.propose(ben="60%", cyd="40%")
        self.everywhere(self.ben.json("split", "accept", self.proposal)["id"])
        self.everywhere(self.cyd.json("split", "refuse", self.proposal,
                                      "I did half of it")["id"])
        self.refused(self.dora, 5, "not paid", "split", "accept",
                     self.proposal)
        self.day(15)
        self.refused(self.ada, 5, "not accepted by: Cyd", "split", "final",
                     self.proposal)
        forged = self.forge_final(15, {"Ben": 6000, "Cyd": 4000},
                                  {"Ben": 24000, "Cyd": 16000})
        self.void(forged, "not accepted by")
        self.refused(self.ada, 5, "those that were accepted", "split", "final",
                     self.proposal, *self.share(ben="50%", cyd="50%"))
        self.day(16)
        self.everywhere(self.cyd.json("split", "accept", self.proposal)["id"])
        self.void(forged, "not accepted by")  # it came before
        final = self.everywhere(self.ada.json("split", "final",
                                              self.proposal)["id"])
        self.in_force(final)
        self.assertEqual(
            {name: share["amount_minor"] for name, share in self.by_name(
                self.seen("split", "show", final)["shares"]).items()},
            {"Ben": 24000, "Cyd": 16000})


class Crowd(SplitTest):
    def test_shares_go_on_in_pages_and_waived_ones_to_the_others(self):
        """Of 1,000 people, most never heard of, one waives."""
        self.declare()
        people = [records.text_hash(str(i)).hex() for i in range(999)]
        lines = [{"person": p, "bp": 10} for p in people]
        lines.append({"person": self.people["Ben"], "bp": 10})
        shares = self.file("crowd.json", json.dumps({"shares": lines}))
        self.proposal = self.everywhere(self.ada.json(
            "split", "propose", self.income, "--shares", shares, "--waived",
            self.people["Ben"])["id"])
        self.in_force(self.proposal)
        self.day(15)
        self.final = self.everywhere(self.ada.json(
            "split", "final", self.proposal)["id"])
        self.in_force(self.final)
        shown = self.seen("split", "show", self.final)
        amounts = [s["amount_minor"] for s in shown["shares"]]
        self.assertEqual((len(amounts), sum(amounts)), (1000, 40000))
        self.assertEqual(self.by_name(shown["shares"][-1:])["Ben"]["state"],
                         "waived")
        self.assertEqual(set(amounts), {0, 40, 41})
        self.refused(self.ben, 5, "not paid", "receipt", "sign", self.final,
                     "--amount", "1", "--method", "cash")


if __name__ == "__main__":
    unittest.main()
