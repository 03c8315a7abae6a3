"""U6: find people and work, with the network off, as a brute force would."""
import datetime
import random
import re
import time
import unicodedata
import unittest

import msgpack

import lab
from test_peer import signed
from wire import records

PROFILE, PROJECT, REQUEST, CONTRIBUTION, CLOSE, RELEASE = 1, 7, 11, 13, 14, 35
COMMENT, FEEDBACK = 27, 17
OF_PROJECT, OF_REQUEST, TARGET = 1, 2, 6
PEOPLE, PROJECTS, REQUESTS, WORKS = 1000, 30, 300, 2000
DAY = 86400000
SKILLS = ["Drawing", "ink", "Géométrie", "violin", "voice", "editing"]
WORDS = ("crown cat night river Émile straße Ångström dance winter mill song "
         "letter mirror don't café naïve 東京 house Größe ocean glass").split()
MEDIA = ["video", "audio", "image", "text", "document", "other"]
MEDIUMS = {1: "short_film", 2: "song"}
FILE = {"blob": [bytes(32), 0], "media_type": "image/png", "name": "a.png"}


def fold(text):
    """Compatibility forms apart, marks dropped, case folded."""
    text = unicodedata.normalize("NFKD", text).casefold()
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if not unicodedata.category(c)[0] == "M")


def words(text):
    """Han letters are words by themselves."""
    return [w for run in re.findall(r"[\w']+", fold(text))
            for w in (run if "\u4e00" <= run[0] <= "\u9fff" else [run])]


def has(text, query):
    found = words(text)
    return all(any(w.startswith(q) for w in found) for q in words(query))


class World:
    """Records of made-up people, and what they mean."""

    def __init__(self, seed, now):
        self.random = random.Random(seed)
        self.now = now
        self.raw = []
        self.people, self.requests, self.works, self.projects = [], [], [], []
        self.signers = [records.Person(f"person {i}") for i in range(PEOPLE)]
        self.certificates = {p.id: p.certificate() for p in self.signers}
        self.make()

    def add(self, kind, person, fields, topic=records.ZERO, links=(),
            age=DAY):
        record, ident = records.record(
            kind=kind, person=person, topic=topic, links=links, fields=fields,
            created=self.now - age - len(self.raw),
            certificate=self.certificates[person.id])
        self.raw.append(msgpack.packb(record, use_bin_type=True))
        return ident

    def text(self, n):
        return " ".join(self.random.choice(WORDS) for _ in range(n))

    def make(self):
        for i, person in enumerate(self.signers):
            name = f"{self.text(1)} {i}"
            skills = self.random.sample(SKILLS, self.random.randrange(3))
            seeking = self.random.sample(SKILLS, self.random.randrange(3))
            bio = self.text(6)
            self.add(PROFILE, person, {
                "name": name, "bio": bio, "seeking": seeking,
                "skills": [{"tag": s, "level": 2} for s in skills]},
                topic=person.id)
            self.people.append((person.id.hex(), skills, seeking,
                                f"{name} {bio}"))
        for i in range(PROJECTS):
            leader = self.signers[i]
            medium = self.random.choice(list(MEDIUMS))
            fields = {"title": self.text(3), "goal": self.text(5),
                      "medium": medium, "licence": "CC0-1.0",
                      "terms": {"pay": 1, "decision": 1, "ml_use": 1}}
            ident = self.add(PROJECT, leader, fields, age=40 * DAY)
            self.projects.append((ident, leader, medium, fields))
        for i in range(REQUESTS):
            self.request(i)
        for i in range(WORKS):
            self.work(i)
        part = self.works[:20]
        for ident, topic, leader, *_ in part:
            self.add(RELEASE, leader, {
                "title": "Out", "medium": 1, "files": [FILE],
                "parts": [{"contribution": ident}],
                "credits": [{"person": person.id, "role": "image"}
                            for person in self.authors_of(ident)]},
                topic=topic, links=[(OF_PROJECT, topic)], age=DAY // 4)

    def authors_of(self, ident):
        return [w[3] for w in self.works if w[0] == ident]

    def request(self, i):
        project, leader, medium, _ = self.projects[i % PROJECTS]
        kinds = sorted(self.random.sample(range(1, 7), 2))
        tags = self.random.sample(SKILLS, self.random.randrange(3))
        deadline = self.now + self.random.choice((-2, 1, 5, 20)) * DAY
        fields = {"title": self.text(3), "deliverable": self.text(4),
                  "media_kinds": kinds, "interests": tags,
                  "deadline": deadline, "instructions": self.text(5)}
        ident = self.add(REQUEST, leader, fields, topic=project,
                         links=[(OF_PROJECT, project)], age=30 * DAY)
        closed = self.random.random() < 0.2
        if closed:
            self.add(CLOSE, leader, {"outcome": 2, "note": "None."},
                     topic=project, links=[(OF_REQUEST, ident)])
        self.requests.append({
            "id": ident, "topic": project, "leader": leader, "tags": tags,
            "kinds": [MEDIA[k - 1] for k in kinds], "medium": medium,
            "deadline": deadline, "answers": 0, "closed": closed,
            "text": " ".join(fields[k] for k in (
                "title", "deliverable", "instructions")) + " " +
            " ".join(tags)})

    def work(self, i):
        # The first tenth of all requests stays without an answer.
        request = self.requests[self.random.randrange(REQUESTS // 10,
                                                      REQUESTS)]
        person = self.signers[i % PEOPLE]
        title = self.text(3)
        ident = self.add(CONTRIBUTION, person, {
            "title": title, "licence": "CC0-1.0", "files": [FILE],
            "media_kind": 3, "work_kind": 1, "rights_statement": "own_work"},
            topic=request["topic"],
            links=[(OF_PROJECT, request["topic"]),
                   (OF_REQUEST, request["id"])], age=DAY // 2)
        request["answers"] += 1
        self.works.append((ident, request["topic"], request["leader"], person,
                           title))


def tells_of(value, ids):
    """Whether any of these ids stands anywhere in an answer; where a work of
    somebody else lies is not about them."""
    if isinstance(value, dict):
        return any(tells_of(v, ids) for key, v in value.items()
                   if key not in ("request", "project", "topic"))
    if isinstance(value, list):
        return any(tells_of(v, ids) for v in value)
    return value in ids if isinstance(value, str) else False


def blocked_name(world):
    """A word that is in one name only."""
    return words(world.people[7][3])[1]


class Find(lab.LabTest):
    """One node that has met nobody."""

    @classmethod
    def setUpClass(cls):
        cls.seed = random.randrange(1 << 32)
        print("seed", cls.seed, flush=True)
        cls.world = World(cls.seed, int(time.time() * 1000) + DAY)

    def setUp(self):
        super().setUp()
        self.node_ = self.node("alone", "--test-clock", person="Ada")
        self.at(0)
        path = self.file("world", b"".join(self.world.raw))
        result = self.node_.json("record", "import", path)
        self.assertEqual(result["stored"], len(self.world.raw), result)

    def at(self, day):
        """Moves the node's clock to that day of the story."""
        then = datetime.datetime.fromtimestamp(
            (self.world.now + day * DAY) / 1000, datetime.timezone.utc)
        self.node_.json("clock", "set", then.isoformat())

    def all(self, *args, key="id"):
        """The ids of all pages; each at most once."""
        found, after = [], None
        while True:
            page = self.node_.json(*args, "--limit", "150",
                                   *(["--after", after] if after else []))
            found += [item[key] for item in page["items"]]
            after = page["next"]
            if after is None:
                break
            after = str(after)
        self.assertEqual(len(found), len(set(found)))
        return set(found)

    def test_everything_is_found_as_a_brute_force_finds_it(self):
        self.people()
        self.requests()
        self.works()
        self.everything()
        self.first_screen()

    def people(self):
        world = self.world
        for skill, asked in (("Drawing", "drawing"),
                             ("Géométrie", "GEOMETRIE"), ("ink", "ink")):
            self.assertEqual(
                self.all("person", "list", "--skill", asked, key="person"),
                {p[0] for p in world.people if skill in p[1]})
            self.assertEqual(
                self.all("person", "list", "--seeking", asked, "--skill",
                         "violin", key="person"),
                {p[0] for p in world.people
                 if skill in p[2] and "violin" in p[1]})
        for query in ("angstrom", "STRASS", "cat riv", "東", "don't", "eleph"):
            self.assertEqual(
                self.all("person", "list", query, key="person"),
                {p[0] for p in world.people if has(p[3], query)}, query)

    def requests(self):
        world = self.world

        def want(test):
            return {r["id"].hex() for r in world.requests if test(r)}

        def is_open(r):
            return not r["closed"] and r["deadline"] >= world.now

        for args, test in (
                (["--kind", "audio"], lambda r: "audio" in r["kinds"]),
                (["--medium", "song"], lambda r: r["medium"] == 2),
                (["--interest", "INK"], lambda r: "ink" in r["tags"]),
                (["--open"], is_open),
                (["--closing", "2d"],
                 lambda r: is_open(r) and
                 r["deadline"] - world.now <= 2 * DAY),
                (["--no-answers"], lambda r: r["answers"] == 0),
                (["--open", "--kind", "image", "--interest", "voice",
                  "--no-answers"],
                 lambda r: is_open(r) and "image" in r["kinds"] and
                 "voice" in r["tags"] and r["answers"] == 0),
                (["emil"], lambda r: has(r["text"], "emil")),
                (["cafe grosse"], lambda r: has(r["text"], "cafe grosse")),
                (["mill", "--kind", "video"],
                 lambda r: has(r["text"], "mill") and "video" in r["kinds"])):
            self.assertEqual(self.all("request", "list", *args), want(test),
                             args)

    def works(self):
        world = self.world
        used = {w[0] for w in world.works[:20]}
        self.assertEqual(self.all("contribution", "list", "--never-used"),
                         {w[0].hex() for w in world.works if w[0] not in used})
        author = world.signers[7].id
        self.assertEqual(
            self.all("contribution", "list", "--author", author.hex()),
            {w[0].hex() for w in world.works if w[3].id == author})

    def everything(self):
        world = self.world
        for query in ("naive", "winter", "oc gl"):
            self.assertEqual(
                self.all("find", query),
                {w[0].hex() for w in world.works if has(w[4], query)} |
                {r["id"].hex() for r in world.requests
                 if has(r["text"], query)} |
                {p[0].hex() for p in world.projects
                 if has(p[3]["title"] + " " + p[3]["goal"], query)} |
                self.all("find", query, "--in", "people"), query)
            self.assertEqual(
                {item["author"] for item in self.node_.json(
                    "find", query, "--in", "people", "--limit", "500")[
                        "items"]},
                {p[0] for p in world.people if has(p[3], query)}, query)
        self.assertEqual(self.node_.refused("find", "!?").code, 2)
        self.assertEqual(self.node_.refused(
            "find", "cat", "--in", "nowhere").code, 2)
        for place, kind in (("projects", "project"), ("requests", "request"),
                            ("contributions", "contribution")):
            drawn = self.node_.json("random", "--in", place)["items"]
            self.assertEqual([item["kind"] for item in drawn], [kind])

    def test_what_fits_me_is_suggested_and_what_stands_still_is_listed(self):
        node, world = self.node_, self.world
        self.assertEqual(node.json("suggest")["items"], [])
        node.run("person", "edit", "--skill", "Drawing:able", "--seeking",
                 "voice")
        items = node.json("suggest")["items"]
        self.assertTrue(items)
        by_id = {r["id"].hex(): r for r in world.requests}
        fits = [by_id[item["id"]] for item in items]
        for r in fits:
            self.assertFalse(r["closed"])
            self.assertGreaterEqual(r["deadline"], world.now)
            self.assertTrue({"Drawing", "voice"} & set(r["tags"]))
        both = [{"Drawing", "voice"} <= set(r["tags"]) for r in fits]
        self.assertEqual(both, sorted(both, reverse=True))
        self.assertEqual(node.json("project", "list", "--stalled")["items"],
                         [])
        self.at(10)
        self.assertEqual(node.json("project", "list", "--stalled")["items"],
                         [])
        mine = node.json("project", "create", "--title", "Mine", "--goal",
                         "g", "--medium", "song", "--licence", "CC0-1.0",
                         "--need", "a voice")["id"]
        self.at(45)
        self.assertEqual(
            [p["id"] for p in
             node.json("project", "list", "--stalled")["items"]], [mine])

    def test_blocked_people_appear_nowhere(self):
        """Neither they nor what they made, whoever else is found."""
        node, world = self.node_, self.world
        blocked = world.signers[7]  # leads a project, asks and contributes
        who = blocked.id.hex()
        theirs = ({p[0].hex() for p in world.projects if p[1] is blocked} |
                  {r["id"].hex() for r in world.requests
                   if r["leader"] is blocked} |
                  {w[0].hex() for w in world.works if w[3] is blocked})
        # They also speak to Ada, in a thread and about her work.
        project = world.projects[3][0]
        node.json("project", "follow", project.hex())
        mine = node.json("contribute", "--project", project.hex(),
                         self.file("own", "mine"), "--title", "Of my own",
                         "--licence", "CC0-1.0", "--accept-terms")["id"]
        node.json("contact", "allow", "all")
        node.json("inbox", "--mask", "comment=on")
        words = [signed(kind=kind, person=blocked, topic=project,
                        links=[(TARGET, bytes.fromhex(mine))], fields=fields,
                        created=world.now)
                 for kind, fields in (
                     (COMMENT, {"text": "a word"}),
                     (FEEDBACK, {"text": "a word", "tone": 3}))]
        node.json("record", "import", self.file("words", b"".join(words)))
        node.run("person", "edit", *(word for tag in SKILLS for word in
                                     ("--skill", tag)))
        tags = [a for tag in SKILLS for a in ([
            ("person", "list", "--skill", tag),
            ("person", "list", "--seeking", tag),
            ("request", "list", "--interest", tag)])]
        texts = [a for text in ("c", "a", "n", "o", "東", blocked_name(world))
                 for a in ([("find", text), ("find", text, "--in", "people"),
                            ("person", "list", text),
                            ("request", "list", text)])]
        lists = tags + texts + [
            ("person", "list"), ("project", "list"), ("request", "list"),
            ("request", "list", "--open"), ("request", "list", "--undecided"),
            ("request", "list", "--no-answers"), ("contribution", "list"),
            ("contribution", "list", "--never-used"),
            ("contribution", "list", "--author", who),
            ("contribution", "list", "--project", project.hex()),
            ("project", "list", "--stalled"), ("inbox",), ("journal", "list"),
            ("feedback", "list", mine)] + [
            ("request", "list", "--kind", kind) for kind in MEDIA] + [
            ("request", "list", "--medium", medium)
            for medium in MEDIUMS.values()]
        ones = [("thread", "show", mine), ("contribution", "show", mine),
                ("suggest",), ("project", "show", project.hex())]

        def seen():
            """Which of those questions tell of them."""
            return [q for q in lists + ones
                    if tells_of(self.whole(q) if q in lists
                                else node.json(*q), {who} | theirs)]

        before = seen()
        for question in (("find", "c"), ("inbox",), ("person", "list"),
                         ("thread", "show", mine), ("feedback", "list", mine),
                         ("contribution", "show", mine),
                         ("contribution", "list", "--never-used")):
            self.assertIn(question, before)
        node.json("block", who)
        self.assertEqual(seen(), [])
        others = {w[0].hex() for w in world.works if w[3] is not blocked}
        self.assertEqual(self.all("contribution", "list"), others | {mine})
        self.assertEqual(
            self.all("person", "list", key="person"),
            {p[0] for p in world.people if p[0] != who} |
            {node.json("status")["person"]})
        for _ in range(50):
            self.assertFalse(tells_of(node.json("random"), {who} | theirs))
            self.assertFalse(tells_of(node.json("random", "--in", "people"),
                                      {who}))
        for ident in sorted(theirs)[:3]:
            kind = ("project" if ident in {p[0].hex() for p in world.projects}
                    else "request" if ident in {
                        r["id"].hex() for r in world.requests}
                    else "contribution")
            self.assertEqual(node.refused(kind, "show", ident).code, 5)

    def whole(self, question):
        """All pages of a list, in one."""
        items, after = [], None
        while True:
            page = self.node_.json(*question, "--limit", "500",
                                   *(["--after", after] if after else []))
            items += page["items"]
            if page["next"] is None:
                return items
            after = str(page["next"])

    def first_screen(self):
        """A bound with room for a busy machine; the bench has the figures."""
        for args in (["find", "cat"], ["request", "list", "--open"],
                     ["person", "list", "--skill", "ink"],
                     ["contribution", "list", "--never-used"]):
            self.node_.json(*args, "--limit", "50")
            start = time.monotonic()
            self.node_.json(*args, "--limit", "50")
            self.assertLess(time.monotonic() - start, 1, args)
        self.assertLess(self.node_.memory_anon_kb(), 64 * 1024)


if __name__ == "__main__":
    unittest.main()
