"""What records mean: docs/protocol.md section 7, for peers in any language.

Written from that document alone; it shares no code with proto/.  A topic is
judged by Topic(topic, records).judge(now), which gives (state, reason, subject)
for the id of each record.
"""
from records import FINAL, KINDS, SHAPES, fits, sha
from make import pack

DAY = 86400000
SPLITS = ("income", "split_proposal", "split_feedback", "split_reply",
          "split_accept", "split_final", "receipt")
BY_LEADERS = ("request", "request_close", "direction", "update", "release",
              "rights_request", "lesson", "income", "split_proposal", "split_reply",
              "split_final")
BY_ADMITTED = ("contribution", "comment", "thread", "feedback", "courage")
LAST = SPLITS + ("release", "courage")
WITHOUT_RULE = ("succession", "page", "pledge")
CONTESTABLE = ("split_final", "receipt", "rights_grant")
LEADER, CO_LEADER, CURATOR, MEMBER, NONE = 1, 2, 3, 4, 5
RANK = {LEADER: 3, CO_LEADER: 3, CURATOR: 2, MEMBER: 1}


class Void(Exception):
    def __init__(self, reason, subject=None):
        super().__init__(reason)
        self.verdict = ("void", reason, subject)


class Left(Exception):
    """Neither void nor in force: a state without a reason."""

    def __init__(self, state):
        super().__init__(state)
        self.verdict = (state, None, None)


class Roles:
    """Who may do what, at one place of the walk (§7.4)."""

    def __init__(self, creator):
        self.creator = creator
        self.since = None       # of the handover that made the creator
        self.given = {}
        self.vouches = {}
        self.standing = set()

    def rank(self, person):
        return RANK.get(self.given.get(person), 0)

    def leads(self, person):
        return person == self.creator or self.rank(person) == 3

    def chooses(self, person):
        return self.leads(person) or self.rank(person) == 2

    def has_role(self, person):
        return person == self.creator or self.rank(person) > 0

    def has_standing(self, person):
        return self.has_role(person) or person in self.standing

    def give(self, person, role):
        self.given[person] = role
        if self.has_role(person):
            self.pass_on(person)

    def pass_on(self, person):
        """Standing to all to whom vouches lead from there."""
        pending = list(self.vouches.get(person, ()))
        while pending:
            one = pending.pop()
            if one not in self.standing:
                self.standing.add(one)
                pending += self.vouches.get(one, ())

    def vouch(self, by, person):
        self.vouches.setdefault(by, []).append(person)
        if self.has_standing(by):
            self.pass_on(by)


class Topic:
    def __init__(self, topic, records):
        self.topic = topic
        # A set: what came twice is there once.
        self.all = sorted({r.id: r for r in records}.values(),
                          key=lambda r: r.place)

    def judge(self, now):
        self.now = now
        self.verdicts = {r.id: ("waiting", None, None) for r in self.all
                         if r.created > now}
        self.walk = [r for r in self.all if r.created <= now]
        self.held = {r.id: r for r in self.walk}
        self.hit = set()
        self.erased = set()
        self.asked = set()      # what targets() has been asked to judge
        self.first = {}         # by id of what revises it rightly
        self.current = {}       # version in force, by first record
        self.revocations()
        self.retractions()
        self.schemas()
        for r in self.open():
            self.attempt(r, self.revision_rule)
        self.found()
        # §7.4.9: all others show that their author is there.
        self.mute = {r.id for r in self.walk if self.is_void(r)}
        for r in self.open():
            self.attempt(r, self.right_topic)
        self.roles()
        for r in self.walk:
            if r.kind not in LAST:
                self.targets(r)
        self.versions(lambda kind: kind not in LAST)
        self.citations()
        for kind in ("release", "courage"):
            for r in self.walk:
                if r.kind == kind:
                    self.targets(r)
            self.versions(lambda one: one == kind)
        self.splits()
        self.contest()
        self.newer()
        return self.verdicts

    # What is asked of a record

    def open(self):
        """The records without a verdict, earliest first."""
        return [r for r in self.walk if r.id not in self.verdicts]

    def give(self, r, state, reason=None, subject=None):
        self.verdicts[r.id] = (state, reason, subject)

    def attempt(self, r, rule):
        try:
            rule(r)
        except (Void, Left) as verdict:
            self.verdicts[r.id] = verdict.verdict
            return False
        return True

    def state(self, r):
        return self.verdicts.get(r.id, (None,))[0]

    def is_void(self, r):
        return self.state(r) == "void"

    def body(self, r, name, default=None):
        return default if r.id in self.erased else r.get(name, default)

    def named(self, r, name, kinds=None):
        """What a link names: in the topic, of one of these kinds (§7.5)."""
        target = self.held.get(r.link(name))
        if target is None:
            raise Void("no target", r.link(name))
        if kinds and target.kind not in kinds:
            raise Void("wrong target", target.id)
        return target

    def not_void(self, target):
        if self.is_void(target):
            raise Void("void target", target.id)
        return target

    def object(self, r):
        """The first record of the object of which this is a version."""
        return self.first.get(r.id, r)

    # §7.1.5: lists that go on in pages

    def pages(self, r, needed=True):
        found = []
        for ident in dict.fromkeys(self.body(r, "pages", [])):
            page = self.held.get(ident)
            if page is None or page.kind != "page" or \
                    page.author != r.author or page.topic != r.topic or \
                    page.fields is None or page.id in self.erased or \
                    self.is_void(page):
                if needed:
                    raise Void("incomplete")
                return []
            found.append(page)
        return found

    def whole(self, r, name, needed=False):
        """The field's elements, those of the pages included."""
        field = next(f for part in SHAPES[r.kind] for f in part
                     if f.name == name)
        items = list(self.body(r, name, []))
        for page in self.pages(r, needed):
            if self.body(page, "of") == name:
                items += [item for item in self.body(page, "items")
                          if fits(field, item)]
        return items

    # §7.2

    def revocations(self):
        count = {}
        self.revokes = []
        self.edges = {}
        for r in self.open():
            if r.kind != "device_revoke":
                continue
            if r.fields is not None and not r.is_well_formed():
                self.give(r, "void", "malformed")
            elif r.topic != r.author:
                self.give(r, "void", "wrong topic")
            elif not r.by_person:
                self.give(r, "void", "not by person")
            elif count.get(r.author, 0) == 64:
                self.give(r, "void", "too many")
            else:
                count[r.author] = count.get(r.author, 0) + 1
                if r.fields is None:
                    continue
                self.give(r, "in force")
                self.revokes.append(r)
        for r in self.open():
            if r.kind == "device_revoke":
                continue
            for revoke in self.revokes:
                if self.hits(revoke, r):
                    if r.kind in CONTESTABLE:
                        self.hit.add(r.id)
                    else:
                        self.give(r, "void", "revoked device", revoke.id)
                    break

    def hits(self, revoke, r):
        if revoke.author != r.author or revoke.get("device") != r.signer:
            return False
        since = max(revoke.get("since"), revoke.created - 30 * DAY)
        known = revoke.get("known")
        paged = [page for page in self.pages(revoke, False)
                 if page.get("of") == "known"]
        if known is None and not paged:
            return r.created >= since
        return r.created >= since or \
            r.id[:16] not in self.whole(revoke, "known")

    # §7.3

    def retractions(self):
        for r in self.open():
            if r.kind != "retraction":
                continue
            if r.fields is not None and not r.is_well_formed():
                self.give(r, "void", "malformed")
            else:
                self.attempt(r, self.retraction)

    def retraction(self, r):
        target = self.held.get(r.link("target"))
        if target is None:
            raise Void("no target")
        if target.author != r.author:
            raise Void("not author")
        if target.kind is None:
            raise Left("undecided")
        if target.kind in FINAL:
            raise Void("final")
        self.give(r, "in force")
        self.erased.add(target.id)
        if not self.is_void(target):
            self.give(target, "retracted")

    def schemas(self):
        for r in self.open():
            if r.kind is None or r.fields is None:
                self.give(r, "undecided")
            elif not r.is_well_formed():
                self.give(r, "void", "malformed")
            elif r.kind in WITHOUT_RULE:
                self.give(r, "undecided")

    # §7.4

    def found(self):
        founder = self.held.get(self.topic)
        self.founder = None
        if founder and founder.kind in ("project", "request") and \
                founder.revises is None and not self.is_void(founder):
            self.founder = founder
        self.has_project = bool(self.founder and
                                self.founder.kind == "project")

    def right_topic(self, r):
        where = KINDS[r.kind][3]
        if where in ("project or request", "founds its own",
                     "founds its own, or a project") and not self.founder:
            raise Void("no founder")
        if where.startswith("founds"):
            is_own = r is self.founder or r.revises == self.topic
            if not is_own and not (self.has_project and
                                   where != "founds its own"):
                raise Void("wrong topic")
        if where == "the person" and r.topic != r.author:
            raise Void("wrong topic")
        if r.link("project") is not None and where != "the person" and \
                not (r.link("project") == self.topic and self.has_project):
            raise Void("wrong topic")

    def roles(self):
        self.at = Roles(self.founder and self.founder.author)
        self.versions_stand = []    # of the project, before this place
        self.fixed = None
        self.memberships = []
        self.seen = {}
        self.standing = {}
        self.led = set()            # records whose author led at their place
        for r in self.walk:
            before = self.at.leads(r.author)
            if r.id not in self.verdicts:
                self.attempt(r, self.role_rule)
            elif r.kind == "request" and self.state(r) == "retracted":
                self.fix_terms(r)
            if before or self.at.leads(r.author):
                self.led.add(r.id)
            if r.id not in self.mute:
                self.seen[r.author] = r.created
        for r in self.open():
            if r.kind in BY_ADMITTED:
                self.attempt(r, self.admission_rule)

    def role_rule(self, r):
        at = self.at
        if r.kind in ("membership", "accept", "handover", "vouch") and \
                r.revises is not None:
            raise Void("no revision")
        if r.kind in SPLITS and r.revises is not None:
            raise Void("no revision")
        if r.kind == "project":
            self.project_rule(r)
        elif r.kind == "membership":
            self.membership_rule(r)
        elif r.kind == "accept":
            self.accept_rule(r)
        elif r.kind == "handover":
            self.handover_rule(r)
        elif r.kind == "vouch":
            at.vouch(r.author, r.get("person"))
            self.give(r, "in force")
        elif r.kind in BY_LEADERS and not at.leads(r.author):
            raise Void("not leader", r.author)
        elif r.kind == "selection" and not at.chooses(r.author):
            raise Void("not leader", r.author)
        elif r.kind in BY_ADMITTED:
            self.standing[r.id] = (at.has_role(r.author),
                                   at.has_standing(r.author))
        if r.kind == "request":
            self.fix_terms(r)

    def project_rule(self, r):
        if r is not self.founder and r.author != self.at.creator:
            raise Void("not creator", r.author)
        if self.fixed and changes_terms(r, self.fixed):
            raise Void("terms changed", self.fixed.id)
        self.versions_stand.append(r)

    def fix_terms(self, r):
        """§7.4.6: the first request fixes licence and terms."""
        if self.fixed or not self.has_project or r.revises is not None or \
                not self.at.leads(r.author):
            return
        self.fixed = self.founder
        link = r.link("project_revision")
        for version in self.versions_stand:
            if version.id == link:
                self.fixed = version
        for version in list(self.versions_stand):
            if version.place > self.fixed.place and \
                    changes_terms(version, self.fixed):
                self.give(version, "void", "terms changed", self.fixed.id)
                self.versions_stand.remove(version)

    def membership_rule(self, r):
        at, person, role = self.at, r.get("person"), r.get("role")
        may = r.author == at.creator or \
            person == r.author and RANK.get(role, 0) == 0 or \
            at.leads(r.author) and RANK.get(role, 0) < 3 and \
            not at.leads(person)
        if not may:
            raise Void("not creator" if at.leads(r.author) else "not leader",
                       r.author)
        if RANK.get(role, 0) < at.rank(person):
            at.give(person, role)
        self.memberships.append(r)
        self.give(r, "in force")

    def accept_rule(self, r):
        membership = self.not_void(self.named(r, "membership",
                                              ("membership",)))
        if membership.get("person") != r.author or \
                membership.place > r.place:
            raise Void("not invited", r.author)
        later = [m for m in self.memberships if m.place > membership.place and
                 m.get("person") == r.author]
        if later:
            raise Void("stale", later[-1].id)
        self.at.give(r.author, membership.get("role"))
        self.give(r, "in force")

    def handover_rule(self, r):
        at = self.at
        if r.author != at.creator:
            if not at.leads(r.author):
                raise Void("not leader", r.author)
            self.silence(r)
        at.creator = r.get("new_creator")
        at.since = r.created
        at.pass_on(at.creator)
        self.give(r, "in force")

    def silence(self, r):
        if not self.versions_stand:
            raise Void("not silent")
        days = self.versions_stand[-1].get("terms").get("silence_days", 90)
        last = max(self.seen.get(self.at.creator, 0), self.at.since or 0)
        if days == 0 or r.created < last + days * DAY:
            raise Void("not silent")

    def admission_rule(self, r):
        """By the versions that stand once terms are fixed."""
        has_role, has_standing = self.standing[r.id]
        admission = None
        for version in self.versions_stand:
            if version is self.versions_stand[0] or version.place < r.place:
                admission = version.get("admission")
        if admission == 2 and not has_standing or \
                admission == 3 and not has_role:
            raise Void("not admitted", r.author)

    # §7.5, 7.6.1 and what §7.7 and §7.13 say of single records

    def targets(self, r):
        """Judges what `r` names, and then r."""
        if r.id in self.verdicts or r.id in self.asked:
            return
        self.asked.add(r.id)
        for ident in [r.revises] + [ident for _, ident in r.links]:
            named = self.held.get(ident)
            if named and (named.kind not in LAST or named.kind == r.kind):
                self.targets(named)
        if r.kind not in SPLITS:
            self.attempt(r, self.target_rule)

    def target_rule(self, r):
        rule = getattr(self, r.kind + "_names", None)
        if rule:
            rule(r)
        if r.revises is not None:
            self.not_void(self.held[r.revises])

    def revision_rule(self, r):
        if r.revises is None:
            return
        first = self.held.get(r.revises)
        if first is None:
            raise Void("no target")
        if first.author != r.author and r.kind != "project":
            raise Void("not author")
        if first.number != r.number:
            raise Void("other kind")
        if first.revises is not None:
            raise Void("not first")
        self.first[r.id] = self.not_void(first)

    def request_close_names(self, r):
        self.not_void(self.named(r, "request", ("request",)))

    def selection_names(self, r):
        self.not_void(self.named(r, "contribution", ("contribution",)))

    def direction_names(self, r):
        self.named(r, "target")

    def comment_names(self, r):
        self.named(r, "target")
        if r.link("reply_to") is not None:
            self.named(r, "reply_to", ("comment",))

    def contribution_names(self, r):
        if r.link("request") is not None:
            self.named(r, "request", ("request",))

    def resource_names(self, r):
        child = self.named(r, "child", ("contribution", "request", "release"))
        if child.author != r.author:
            if r.get("claim") is not True or r.link("answers") is not None:
                raise Void("not author", child.id)
        elif r.link("answers") is not None:
            claim = self.named(r, "answers", ("resource",))
            other = self.held.get(claim.link("child"))
            if other is None or claim.author == r.author or \
                    claim.link("answers") is not None or \
                    self.object(claim).link("answers") is not None or \
                    self.object(other) is not self.object(child):
                raise Void("wrong target", claim.id)
            self.not_void(claim)

    def rights_request_names(self, r):
        self.not_void(self.named(r, "contribution", ("contribution",)))

    def rights_grant_names(self, r):
        if r.revises is not None:
            raise Void("no revision")
        work = self.not_void(self.named(r, "contribution", ("contribution",)))
        if work.author != r.author:
            raise Void("not author", work.id)
        if r.link("rights_request") is not None:
            request = self.not_void(
                self.named(r, "rights_request", ("rights_request",)))
            asked = self.held.get(request.link("contribution"))
            if asked is None or self.object(asked) is not self.object(work):
                raise Void("wrong target", request.id)

    def feedback_names(self, r):
        target = self.named(r, "target")
        if target.author == r.author:
            raise Void("own work", target.id)

    # §7.14

    def report_names(self, r):
        if r.link("target") is not None:
            self.named(r, "target")

    def ruling_names(self, r):
        if r.topic != r.author:
            raise Void("wrong topic")

    def lesson_names(self, r):
        if self.founder.get("medium") != 7:
            raise Void("no class")

    def courage_names(self, r):
        self.not_void(self.named(r, "thread", ("thread",)))
        if r.link("helps") is not None:
            helped = self.named(r, "helps", ("courage",))
            if helped.revises is not None:
                raise Void("not first", helped.id)
            if helped.link("helps") is not None:
                raise Void("wrong target", helped.id)
            self.not_void(helped)
            if helped.author == r.author:
                raise Void("own work", helped.id)
        elif r.link("keepsake") is not None:
            release = self.not_void(self.named(r, "keepsake", ("release",)))
            if r.get("helper") is None:
                raise Void("no helper")
            if not {r.author, r.get("helper")} <= self.credited(release):
                raise Void("no keepsake", release.id)

    # §7.6.2 and 7.6.3

    def versions(self, is_meant):
        objects = {}
        for r in self.walk:
            if not self.is_void(r) and r.kind is not None and \
                    is_meant(r.kind):
                objects.setdefault(self.object(r).id, []).append(r)
        for ident, them in objects.items():
            if self.state(self.held[ident]) == "retracted":
                for r in them:
                    if r.id not in self.verdicts:
                        self.give(r, "retracted")
        for ident, them in objects.items():
            left = [r for r in them if r.id not in self.verdicts]
            for r in left[:-1]:
                self.give(r, "superseded")
            if left:
                self.current[ident] = left[-1]
                self.give(left[-1], "in force")
        self.newest("profile", lambda r: r.author)
        self.newest("selection", lambda r: self.object(
            self.held[r.link("contribution")]).id)
        self.newest("feedback", lambda r: (r.author, self.object(
            self.held[r.link("target")]).id))

    def newest(self, kind, key):
        """Of those in force with the same key the newest alone stands."""
        last = {}
        for r in self.walk:
            if r.kind == kind and self.state(r) == "in force":
                if key(r) in last:
                    self.give(last[key(r)], "superseded")
                last[key(r)] = r

    # §7.7

    def claimed(self, r):
        return self.object(self.held[r.link("answers")]).id

    def citations(self):
        self.edges = {}     # id of the citing object -> resources
        graph = {}
        resources = [r for r in self.walk if r.kind == "resource"]
        answers = {}
        for r in resources:
            if self.state(r) == "in force" and r.link("answers") is not None:
                if self.claimed(r) in answers:
                    self.give(answers[self.claimed(r)], "superseded")
                answers[self.claimed(r)] = r
        for r in resources:
            if self.state(r) != "in force" or self.is_claim(r) or \
                    r.get("withdrawn") is not None or self.declines(r):
                continue
            child = self.object(self.held[r.link("child")]).id
            source = self.held.get(r.link("source"))
            if source:
                source = self.object(source).id
                if leads_to(graph, source, child):
                    self.give(r, "void", "cycle")
                    continue
                graph.setdefault(child, []).append(source)
            self.edges.setdefault(child, []).append((r, source))
        for r in resources:
            if self.state(r) == "in force" and self.is_claim(r):
                answer = answers.get(self.object(r).id)
                if answer is None or self.state(answer) != "in force" or \
                        answer.get("withdrawn") is not None:
                    self.give(r, "undecided")
                elif self.declines(answer):
                    self.give(r, "void", "declined", answer.id)

    def is_claim(self, r):
        return self.held[r.link("child")].author != r.author

    def declines(self, r):
        return r.link("answers") is not None and r.get("declined") is not None

    # §7.9 and 7.10

    def release_names(self, r):
        parts, pins = [], {}
        for part in self.whole(r, "parts", True):
            one = self.part(part["contribution"])
            parts.append(one.id)
            if "version" in part:
                if self.part(part["version"]) is not one:
                    raise Void("wrong target", part["version"])
                pins.setdefault(one.id, self.held[part["version"]])
        named = self.credited(r) | {
            entry["person"] for entry in self.whole(r, "omitted")}
        for person in self.persons(r, parts, pins):
            if person not in named:
                raise Void("omits", person)
        mix = self.mix(r, parts, pins)
        if "ALL" in mix:
            raise Void("no grant", mix["ALL"])
        names = sorted(mix, key=ORDER.index)
        for a in names:
            for b in names[names.index(a) + 1:]:
                if exclude(a, b) or exclude(b, a):
                    raise Void("licence mix", mix[b])

    def part(self, ident):
        """The first record of what a part names."""
        target = self.held.get(ident)
        if target is None:
            raise Void("no target", ident)
        if target.kind != "contribution":
            raise Void("wrong target", target.id)
        return self.object(self.not_void(target))

    def counting(self, release, pins, one):
        """§7.9.4: the version of a work that counts, or None."""
        current = pins.get(one) or self.current.get(one)
        if current is None or one in pins or current.place < release.place:
            return current
        return self.held[one]

    def cited(self, release, one):
        return [(resource, source) for resource, source in
                self.edges.get(one, ()) if resource.place < release.place]

    def is_granted(self, release, one):
        return any(r.kind == "rights_grant" and self.state(r) == "in force" and
                   r.place < release.place and
                   self.object(self.held[r.link("contribution")]).id == one
                   for r in self.walk)

    def credited(self, release):
        return {credit["person"] for credit in self.whole(release, "credits")
                if "person" in credit}

    def persons(self, release, parts, pins):
        """Whom a release of these parts is to credit, in order (§7.9.2)."""
        seen, pending = set(), list(parts)
        while pending:
            one = pending.pop(0)
            if one in seen:
                continue
            seen.add(one)
            yield self.held[one].author
            counting = self.counting(release, pins, one)
            if counting:
                for performer in self.body(counting, "performers", []):
                    if "person" in performer:
                        yield performer["person"]
            for resource, source in self.cited(release, one):
                if source:
                    pending.append(source)
                    continue
                if resource.get("source_author"):
                    yield resource.get("source_author")
                yield from resource.get("upstream", [])

    def mix(self, release, parts, pins):
        """Licences, each with the first work that bears it (§7.9.5)."""
        found, seen, pending = {}, set(), list(parts)
        while pending:
            one = pending.pop(0)
            if one in seen:
                continue
            seen.add(one)
            counting = self.counting(release, pins, one)
            if counting and not self.is_granted(release, one):
                licence = self.body(counting, "licence")
                if licence:
                    found.setdefault(licence_of(licence), one)
            for resource, source in self.cited(release, one):
                if resource.get("relation") == 4:
                    continue
                if source:
                    pending.append(source)
                elif resource.get("source_licence"):
                    found.setdefault(licence_of(resource.get("source_licence")),
                                     resource.link("source"))
        return found

    # §7.12

    def splits(self):
        self.finals = {}        # those that pass, by income
        for kind in SPLITS:
            rule = getattr(self, kind + "_rule")
            for r in self.open():
                if r.kind == kind and self.attempt(r, rule):
                    self.give(r, "in force")
            if kind == "split_final":
                for passed in self.finals.values():
                    for r in passed[:-1]:
                        self.give(r, "superseded")

    def stands(self, r, name, kind):
        target = self.named(r, name, (kind,))
        state = self.state(target)
        if state in ("needs a newer Troupe", "undecided"):
            raise Left(state)
        if state != "in force" and not (state == "superseded" and
                                        kind in ("release", "split_final")):
            raise Void("void target", target.id)
        return target

    def terms(self):
        if not self.has_project:
            return {}
        version = self.fixed or self.founder
        if version.fields is None:
            raise Left("undecided")
        return version.get("terms")

    def pool(self, income):
        if income.get("mode") == 2:
            return income.get("gross")
        net = max(0, income.get("gross") - income.get("costs"))
        return net - net * self.terms().get("house_share_bp", 0) // 10000

    def income_rule(self, r):
        if r.link("release") is not None:
            self.stands(r, "release", "release")
        if not all("A" <= c <= "Z" for c in r.get("currency")) or \
                len(r.get("currency")) != 3:
            raise Void("malformed")
        pay = self.terms().get("pay", 1)
        if r.get("mode") > 2 or pay > 3:
            raise Left("needs a newer Troupe")
        if r.get("mode") == 1 and pay != 2:
            raise Void("terms pay")

    def shares(self, r):
        shares = self.whole(r, "shares", True)
        bp = {share["person"]: share["bp"] for share in shares}
        waived = set(self.whole(r, "waived"))
        if len(bp) != len(shares) or 0 in bp.values() or \
                sum(bp.values()) != 10000 or not set(bp) - waived:
            raise Void("shares")
        return bp, waived & set(bp)

    def split_proposal_rule(self, r):
        income = self.stands(r, "income", "income")
        if self.pool(income) == 0:
            raise Void("no pool", income.id)
        if r.get("opens_at") < r.created or \
                r.get("closes_at") < r.get("opens_at") + 14 * DAY:
            raise Void("window")
        self.shares(r)

    def split_feedback_rule(self, r):
        proposal = self.stands(r, "proposal", "split_proposal")
        if r.created >= proposal.get("closes_at"):
            raise Void("closed", proposal.id)

    def split_reply_rule(self, r):
        self.stands(r, "feedback", "split_feedback")

    def split_accept_rule(self, r):
        proposal = self.stands(r, "proposal", "split_proposal")
        if r.author not in self.shares(proposal)[0]:
            raise Void("not payee", r.author)

    def split_final_rule(self, r):
        proposal = self.stands(r, "proposal", "split_proposal")
        income = self.held[proposal.link("income")]
        if r.created < proposal.get("closes_at"):
            raise Void("early", proposal.id)
        bp, waived = self.shares(r)
        due = amounts(self.pool(income), bp, waived)
        said = self.whole(r, "amounts")
        if sorted((a["person"], a["amount"]) for a in said) != \
                sorted(due.items()):
            raise Void("amounts")
        self.decision(r, proposal, bp, waived)
        self.answered(r, proposal, income, bp)
        self.second(r, income)

    def decision(self, r, proposal, bp, waived):
        rule = self.terms().get("decision", 1)
        if rule == 2:
            if (bp, waived) != self.shares(proposal):
                raise Void("not as proposed", proposal.id)
            said = {}
            for a in self.walk:
                if a.kind == "split_accept" and a.place < r.place and \
                        self.state(a) == "in force" and \
                        a.link("proposal") == proposal.id:
                    said[a.author] = a.get("accept")
            for person in sorted(bp):
                if said.get(person) is not True:
                    raise Void("not accepted", person)
        elif rule != 1:
            raise Left("needs a newer Troupe")

    def answered(self, r, proposal, income, bp):
        circle = set(bp) | set(self.shares(proposal)[0])
        circle |= {c.author for c in self.walk if c.kind == "contribution" and
                   not self.is_void(c) and c.place < proposal.place}
        if income.link("release") is not None:
            circle |= self.credited(self.held[income.link("release")])
        replied = {a.link("feedback") for a in self.walk
                   if a.kind == "split_reply" and
                   self.state(a) == "in force"}
        for f in self.walk:
            if f.kind == "split_feedback" and self.state(f) == "in force" \
                    and f.link("proposal") == proposal.id and \
                    f.author in circle and f.id not in replied:
                raise Void("unanswered", f.id)

    def second(self, r, income):
        """Test 6, and what §7.12.9 says of it."""
        passed = self.finals.setdefault(income.id, [])
        if passed:
            last = passed[-1]
            if r.id in self.hit and last.id not in self.hit:
                raise Void("second final", last.id)
            if (r.id in self.hit or last.id not in self.hit) and \
                    self.is_paid(last, r):
                raise Void("second final", last.id)
        passed.append(r)

    def is_paid(self, last, r):
        payees = self.shares(last)[0]
        return any(p.kind == "receipt" and p.revises is None and
                   not self.is_void(p) and
                   self.state(p) != "undecided" and p.link("final") == last.id and p.place < r.place and
                   (p.author in payees or p.id in self.led)
                   for p in self.walk)

    def receipt_rule(self, r):
        final = self.stands(r, "final", "split_final")
        if r.author != r.get("person") and r.id not in self.led:
            raise Void("not leader", r.author)
        if r.get("person") not in {a["person"]
                                   for a in self.whole(final, "amounts")}:
            raise Void("not payee", r.get("person"))
        proposal = self.held[final.link("proposal")]
        income = self.held[proposal.link("income")]
        if r.get("currency") != income.get("currency"):
            raise Void("currency")

    # §7.2.3 and §7.11

    def contest(self):
        self.left = {r.id for r in self.walk if self.state(r) == "undecided"}
        for r in self.walk:
            if r.id in self.hit and self.state(r) in ("in force",
                                                      "undecided"):
                self.give(r, "contested")

    def newer(self):
        for r in self.walk:
            if r.kind is not None or r.number % 2 or \
                    self.state(r) != "undecided":
                continue
            for _, ident in r.links:
                target = self.held.get(ident)
                if target and target.id not in self.left and \
                        self.state(target) in ("in force", "contested") and \
                        (r.author == target.author or r.id in self.led):
                    self.give(target, "needs a newer Troupe")


def terms_hash(version):
    return sha(b"troupe terms 1\0", pack([version.get("licence"),
                                          version.get("terms")]))


def changes_terms(version, fixed):
    """Nothing is compared with a version that cannot be read."""
    return fixed.get("terms") is not None and \
        terms_hash(version) != terms_hash(fixed)


def leads_to(graph, a, b):
    """Whether a is b, or edges lead from a to b."""
    seen, pending = set(), [a]
    while pending:
        one = pending.pop()
        if one == b:
            return True
        if one not in seen:
            seen.add(one)
            pending += graph.get(one, ())
    return False


ORDER = ["CC0-1.0"] + ["CC-%s-%s.0" % (terms, version) for terms in (
    "BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND")
    for version in (3, 4)] + ["ALL", "OTHER"]


def licence_of(text):
    """The name of a known licence, §7.10.1, or OTHER."""
    name = text.upper()
    if name in ("ALL-RIGHTS-RESERVED", "ALL-RIGHTS", "ALL-RIGHTS-WITH-GRANT"):
        return "ALL"
    return name if name in ORDER[:-2] else "OTHER"


def exclude(a, b):
    """§7.10.2, one way round, of two that are not the same."""
    mine, theirs = a.split("-"), b.split("-")
    return "ND" in mine or "SA" in mine and "ALL" in theirs or \
        "SA" in mine and "NC" not in mine and "NC" in theirs


def amounts(pool, bp, waived):
    """§7.12.4: largest remainders, ties to the smaller person."""
    paid = {person: part for person, part in bp.items()
            if person not in waived}
    whole = sum(paid.values())
    due = {person: pool * part // whole for person, part in paid.items()}
    left = pool - sum(due.values())
    first = sorted(paid, key=lambda p: (-(pool * paid[p] % whole), p))
    for person in first[:left]:
        due[person] += 1
    return due
