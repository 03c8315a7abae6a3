/* The table.  A command is its options, its method and how it is shown. */
#include "ctl/commands.h"

#include "ctl/render.h"
#include "ctl/run.h"

#define END                                                                    \
    {                                                                          \
        NULL, OPTION_FLAG, 0, NULL, NULL, NULL                                 \
    }
/* What must and what may stand by position. */
#define NEEDS(param, value, help)                                              \
    {                                                                          \
        param, OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED, param, value,   \
            help                                                               \
    }
#define TAKES(param, value, help)                                              \
    {                                                                          \
        param, OPTION_TEXT, OPTION_ARGUMENT, param, value, help                \
    }

/* Files beside words. */
#define MEDIA                                                                  \
    {                                                                          \
        "media", OPTION_FILE, OPTION_MANY, NULL, "FILE",                       \
            "a file that goes with it"                                         \
    }

/* clang-format off */

static const struct option none[] = { END };

/* ---- The daemon and this machine ---- */

static const struct option start[] = {
    { "at-login", OPTION_FLAG, 0, "@at_login", NULL, "and whenever you log in" },
    END };

static const struct option init[] = {
    { "name", OPTION_TEXT, 0, NULL, "NAME", "how you want to be credited" },
    { "node-only", OPTION_FLAG, 0, NULL, NULL, "an archivist's node, without a person" },
    { "words-out", OPTION_PATH, 0, "@words_out", "FILE", "write the 24 words there, into a new file, instead of showing them" },
    { "passphrase-file", OPTION_PATH, 0, "@passphrase_file", "FILE", "seal the key with the first line of this file" },
    { "paper", OPTION_FLAG, 0, NULL, NULL, "keep the key nowhere but in the words" },
    { "no-passphrase", OPTION_FLAG, 0, NULL, NULL, "keep the key unsealed on this machine" },
    END };

static const struct option person_recover[] = {
    { "words-file", OPTION_PATH, OPTION_REQUIRED, "@words_file", "FILE", "the 24 words, in their order" },
    { "passphrase-file", OPTION_PATH, 0, "@passphrase_file", "FILE", "seal the key with the first line of this file" },
    { "paper", OPTION_FLAG, 0, NULL, NULL, "keep the key nowhere but in the words" },
    { "no-passphrase", OPTION_FLAG, 0, NULL, NULL, "keep the key unsealed on this machine" },
    END };

static const struct option clock_set[] = {
    { "now_ms", OPTION_TIME, OPTION_ARGUMENT | OPTION_REQUIRED, "now_ms", "TIME", "the time it shall be" },
    END };

static const struct option verify[] = {
    { "data", OPTION_FLAG, 0, NULL, NULL, "read every blob, too" },
    { "repair", OPTION_FLAG, 0, NULL, NULL, "fetch again what is damaged" },
    END };

static const struct option wait_for[] = {
    NEEDS("what", "WHAT", "online, held:ROOT:N, caught-up:PROJECT or job:N"),
    END };

static const struct option events[] = {
    { "since", OPTION_UINT, 0, NULL, "N", "those after this number" },
    { "follow", OPTION_FLAG, 0, NULL, NULL, "go on until interrupted" },
    { "topic", OPTION_TEXT, 0, NULL, "ID", "of this topic only" },
    { "kind", OPTION_TEXT, 0, NULL, "KIND", "of this kind only" },
    END };

static const struct option job[] = {
    { "job", OPTION_UINT, OPTION_ARGUMENT | OPTION_REQUIRED, "job", "JOB", "its number in `job list`" },
    END };

static const struct option demo[] = {
    { "keep", OPTION_FLAG, OPTION_HIDDEN, "@keep", NULL, "leave the folder" },
    END };

static const struct option help[] = {
    { "words", OPTION_TEXT, OPTION_ARGUMENT | OPTION_MANY, "@words", "COMMAND", "what to explain" },
    { "man", OPTION_FLAG, OPTION_HIDDEN, "@man", NULL, "the manual page, in mdoc" },
    END };

static const struct option completion[] = {
    NEEDS("@shell", "SHELL", "bash, zsh or fish"),
    END };

/* ---- People and peers ---- */

static const struct option person_show[] = {
    TAKES("person", "PERSON", "else yourself"),
    END };

static const struct option person_follow[] = {
    NEEDS("person", "PERSON", "who it is"),
    END };

static const struct option person_list[] = {
    TAKES("text", "TEXT", "words that stand in a profile"),
    { "skill", OPTION_TEXT, 0, NULL, "TAG", "who has this skill" },
    { "seeking", OPTION_TEXT, 0, NULL, "TAG", "who seeks this" },
    END };

static const struct option peer_add[] = {
    NEEDS("@peer", "NODE@HOST:PORT", "as the other's `troupe status` shows it"),
    END };

static const struct option peer[] = {
    NEEDS("node", "NODE", "its id"),
    END };

static const struct option invite[] = {
    TAKES("topic", "PROJECT", "the project to invite to"),
    { "expires", OPTION_TIME, 0, "expires_ms", "TIME", "until when it holds" },
    END };

static const struct option join[] = {
    NEEDS("link", "LINK", "what somebody gave you"),
    { "yes", OPTION_FLAG, 0, "@yes", NULL, "do not ask" },
    END };

/* ---- Projects and requests ---- */

static const struct option project_create[] = {
    { "pay", OPTION_TEXT, 0, "fields.terms.pay", "none|profit_share|fixed_pool", "what contributors get (none)" },
    { "house-share", OPTION_SHARE, 0, "fields.terms.house_share_bp", "PERCENT", "what the project keeps of income" },
    { "decision", OPTION_TEXT, 0, "fields.terms.decision", "leader|unanimous", "who decides on splits (leader)" },
    { "ml-use", OPTION_TEXT, 0, "fields.terms.ml_use", "no|ask|yes", "machine learning on the work (no)" },
    { "need", OPTION_TEXT, OPTION_MANY, "fields.needs", "TEXT", "what is looked for" },
    { "silence-days", OPTION_UINT, 0, "fields.terms.silence_days", "DAYS", "your silence after which a leader may take over; 0: never (90)" },
    END };

static const struct option project_list[] = {
    { "mine", OPTION_FLAG, 0, NULL, NULL, "those you lead" },
    { "followed", OPTION_FLAG, 0, NULL, NULL, "those held here" },
    { "stalled", OPTION_FLAG, 0, NULL, NULL, "those that still need something, and of which nothing was heard for 30 days" },
    END };

static const struct option project[] = {
    NEEDS("project", "PROJECT", "its id"),
    END };

static const struct option project_news[] = {
    NEEDS("project", "PROJECT", "its id"),
    NEEDS("text", "TEXT", "what there is to tell"),
    { "stage", OPTION_TEXT, 0, NULL, "idea|gathering|shaping|finishing|released|dormant", "how far it is now" },
    END };

static const struct option project_revive[] = {
    NEEDS("project", "PROJECT", "the one to bring back"),
    END };

static const struct option role_grant[] = {
    NEEDS("project", "PROJECT", "its id"),
    NEEDS("person", "PERSON", "who is invited"),
    NEEDS("role", "leader|co_leader|curator|member", "what as"),
    { "credit-as", OPTION_TEXT, 0, NULL, "NAME", "how they are credited" },
    END };

static const struct option role_accept[] = {
    NEEDS("project", "PROJECT", "its id"),
    { "credit-as", OPTION_TEXT, 0, NULL, "NAME", "how you want to be credited" },
    END };

static const struct option role_revoke[] = {
    NEEDS("project", "PROJECT", "its id"),
    NEEDS("person", "PERSON", "whose role ends; yourself to leave"),
    END };

static const struct option role_handover[] = {
    NEEDS("project", "PROJECT", "its id"),
    NEEDS("person", "PERSON", "who leads it from now on"),
    { "reason", OPTION_TEXT, 0, NULL, "TEXT", "why" },
    END };

static const struct option vouch[] = {
    NEEDS("person", "PERSON", "for whom you speak"),
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "where they shall have standing" },
    { "words", OPTION_TEXT, 0, NULL, "TEXT", "what you say of them" },
    END };

static const struct option block[] = {
    NEEDS("person", "PERSON", "whose things you do not want here"),
    { "until", OPTION_TIME, 0, NULL, "TIME", "it ends by itself then" },
    { "reason", OPTION_TEXT, 0, NULL, "TEXT", "why, for yourself; for all if it is shared" },
    { "shareable", OPTION_FLAG, 0, NULL, NULL, "say so in your own topic, for others to read" },
    END };

static const struct option unblock[] = {
    NEEDS("person", "PERSON", "whose things shall come back"),
    END };

static const struct option report[] = {
    TAKES("target", "RECORD", "what it is about"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "or whom" },
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, in a line" },
    { "text", OPTION_TEXT, 0, NULL, "TEXT", "what there is to say besides" },
    END };

static const struct option ruling[] = {
    TAKES("target", "RECORD", "what it hides"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "or all that this person made" },
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, in a line" },
    { "until", OPTION_TIME, 0, NULL, "TIME", "it ends by itself then" },
    { "text", OPTION_TEXT, 0, NULL, "TEXT", "what there is to say besides" },
    END };

static const struct option keeper[] = {
    NEEDS("person", "PERSON", "the keeper"),
    END };

static const struct option keeper_allow[] = {
    NEEDS("target", "RECORD or PERSON", "what you want to see all the same"),
    { "end", OPTION_FLAG, 0, NULL, NULL, "let rulings hide it again" },
    END };

static const struct option contact_allow[] = {
    NEEDS("target", "PERSON or COMMENT or all", "whom you let in: a person, one comment alone, or everybody"),
    { "end", OPTION_FLAG, 0, NULL, NULL, "let them wait again" },
    END };

static const struct option retract[] = {
    NEEDS("record", "RECORD", "a record of your own"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, for everybody" },
    { "keep-title", OPTION_FLAG, 0, NULL, NULL, "let its title be shown where it was used" },
    { "keep-licence", OPTION_FLAG, 0, NULL, NULL, "and its licence" },
    END };

static const struct option takedown[] = {
    NEEDS("target", "RECORD or ROOT", "a record, or a file by its root"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "TEXT", "why, for yourself" },
    END };

static const struct option takedown_lift[] = {
    NEEDS("target", "RECORD or ROOT", "what may be held again"),
    END };

static const struct option edit[] = {
    NEEDS("record", "RECORD", "any version of it"),
    { "fields", OPTION_JSON_FILE, 0, "fields", "FILE.json", "fields from a JSON file" },
    { "listed", OPTION_FLAG, 0, NULL, NULL, "put it on the call board" },
    END };

static const struct option request_publish[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "what it is for; else it stands alone" },
    { "kind", OPTION_TEXT, OPTION_MANY, "fields.media_kinds", "video|audio|image|text|document|other", "what may be sent (required)" },
    { "brief", OPTION_PATH, 0, NULL, "FILE", "the brief: a film, a picture, a text" },
    { "reference", OPTION_REFERENCE, OPTION_MANY, "references", "FILE|ID", "what it should go with" },
    { "interest", OPTION_TEXT, OPTION_MANY, "fields.interests", "TAG", "whom it may interest" },
    { "strict", OPTION_FLAG, 0, NULL, NULL, "refuse what the brief lacks, instead of a warning" },
    END };

static const struct option request_list[] = {
    TAKES("text", "TEXT", "words that stand in it"),
    { "open", OPTION_FLAG, 0, NULL, NULL, "those that can still be answered" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of this project" },
    { "kind", OPTION_TEXT, 0, NULL, "video|audio|image|text|document|other", "that ask for this" },
    { "medium", OPTION_TEXT, 0, NULL, "MEDIUM", "of projects of this medium" },
    { "interest", OPTION_TEXT, 0, NULL, "TAG", "that may interest" },
    { "closing", OPTION_DURATION, 0, "closing_ms", "DURATION", "that close within this time" },
    { "no-answers", OPTION_FLAG, 0, NULL, NULL, "that nobody has answered yet" },
    { "undecided", OPTION_FLAG, 0, NULL, NULL, "that wait for your outcome, their deadline being past" },
    END };

static const struct option request[] = {
    NEEDS("request", "REQUEST", "its id"),
    END };

static const struct option request_close[] = {
    NEEDS("request", "REQUEST", "its id"),
    { "outcome", OPTION_TEXT, 0, NULL, "chosen|none_used|withdrawn|merged", "how it ends (required)" },
    { "note", OPTION_TEXT, 0, NULL, "TEXT", "a word to all who answered (required)" },
    { "into", OPTION_TEXT, 0, NULL, "REQUEST", "the request it is merged into" },
    END };

static const struct option request_extend[] = {
    NEEDS("request", "REQUEST", "its id"),
    { "deadline", OPTION_TIME, 0, "deadline_ms", "TIME", "the new deadline" },
    { "note", OPTION_TEXT, 0, NULL, "TEXT", "why" },
    END };

/* ---- Finding ---- */

static const struct option find_text[] = {
    NEEDS("text", "TEXT", "words, or how they begin"),
    { "in", OPTION_TEXT, 0, NULL, "projects|requests|contributions|people", "where to look; else everywhere" },
    END };

static const struct option draw[] = {
    { "in", OPTION_TEXT, 0, NULL, "projects|requests|contributions|people", "among these; else among projects, requests and works" },
    END };

static const struct option inbox[] = {
    { "kind", OPTION_TEXT, 0, NULL, "KIND", "of this kind alone" },
    { "mark-read", OPTION_FLAG, 0, NULL, NULL, "all that is there now counts as read" },
    { "mask", OPTION_TEXT, OPTION_MANY, NULL, "KIND=on|off", "what shall come into it from now on" },
    END };

/* ---- Work ---- */

static const struct option contribute[] = {
    { "items", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED | OPTION_MANY, "@items", "REQUEST FILE...", "what it answers and the files, or folders; with --project or --request, files alone" },
    { "request", OPTION_TEXT, 0, NULL, "REQUEST", "what it answers, if not the first word" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "for the project's pool, not for a request" },
    { "kind", OPTION_TEXT, 0, "fields.media_kind", "video|audio|image|text|document|other", "what it is" },
    { "rights", OPTION_TEXT, 0, "fields.rights_statement", "TEXT", "why you may give it (own_work)" },
    { "role", OPTION_ROLE_FILE, OPTION_MANY, "files", "ROLE=FILE", "a file as preview, master, stem, source or document" },
    { "from", OPTION_TEXT, OPTION_MANY, NULL, "RECORD", "an earlier work it is built on" },
    { "relation", OPTION_TEXT, OPTION_MANY, NULL, "used|adapted|performed|inspired", "how (used); the n-th to the n-th source" },
    { "thanks", OPTION_TEXT, OPTION_MANY, NULL, "WORDS", "to whoever made that; the n-th to the n-th source" },
    { "source-text", OPTION_TEXT, OPTION_MANY, "source_texts", "TEXT", "a source that is no record here" },
    { "ai", OPTION_TEXT, 0, "fields.made_with_ai", "none|part|all", "how much was made by a machine" },
    { "lesson", OPTION_TEXT, 0, NULL, "LESSON", "the lesson of a class that it is made for" },
    { "in-place", OPTION_FLAG, 0, "in_place", NULL, "serve the files from where they lie, without a copy" },
    { "accept-terms", OPTION_FLAG, 0, NULL, NULL, "you have read the project's terms" },
    END };

static const struct option contribution_list[] = {
    { "request", OPTION_TEXT, 0, NULL, "REQUEST", "that answer it" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of this project" },
    { "author", OPTION_TEXT, 0, NULL, "PERSON", "of this person" },
    { "never-used", OPTION_FLAG, 0, NULL, NULL, "that are in no release" },
    { "pending", OPTION_FLAG, 0, NULL, NULL, "that no leader has answered" },
    { "decided", OPTION_FLAG, 0, NULL, NULL, "that a leader has answered, by direction or choice" },
    { "mine", OPTION_FLAG, 0, NULL, NULL, "your own" },
    { "led", OPTION_FLAG, 0, NULL, NULL, "in what you lead" },
    { "hidden", OPTION_FLAG, 0, NULL, NULL, "also what a request asks not to show yet" },
    END };

static const struct option contribution[] = {
    NEEDS("contribution", "CONTRIBUTION", "its id"),
    END };

static const struct option get[] = {
    NEEDS("record", "RECORD", "any record with files"),
    { "out", OPTION_PATH, 0, NULL, "DIR", "where to put them (here)" },
    { "file", OPTION_TEXT, 0, NULL, "NAME", "this file alone" },
    END };

static const struct option cat[] = {
    NEEDS("record", "RECORD", "any record with files"),
    { "file", OPTION_TEXT, 0, NULL, "NAME", "which file (the first)" },
    { "range", OPTION_TEXT, 0, "@range", "A-B", "bytes A to B alone, counted from 0" },
    END };

static const struct option record[] = {
    NEEDS("record", "RECORD", "its id"),
    END };

static const struct option cite[] = {
    NEEDS("child", "CHILD", "the work that is built on another"),
    { "source", OPTION_TEXT, 0, NULL, "RECORD", "the work it is built on" },
    { "source-text", OPTION_TEXT, 0, NULL, "TEXT", "a source that is no record here" },
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how (used)" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "to whoever made it" },
    { "url", OPTION_TEXT, 0, NULL, "URL", "where it can be found" },
    END };

static const struct option cite_resolve[] = {
    NEEDS("resource", "RESOURCE", "a citation of yours whose source was a text"),
    { "source", OPTION_TEXT, OPTION_REQUIRED, NULL, "RECORD", "the work that it means" },
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how, if not as before" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "if not as before" },
    END };

static const struct option cite_withdraw[] = {
    NEEDS("resource", "RESOURCE", "a citation or claim of yours"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "why; it stays visible beside it" },
    END };

static const struct option cite_claim[] = {
    NEEDS("child", "CHILD", "somebody else's work"),
    { "source", OPTION_TEXT, 0, NULL, "RECORD", "the work that it is built on" },
    { "source-text", OPTION_TEXT, 0, NULL, "TEXT", "a source that is no record here" },
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how (used)" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "what you say to its author" },
    { "url", OPTION_TEXT, 0, NULL, "URL", "where the source can be found" },
    END };

static const struct option cite_accept[] = {
    NEEDS("claim", "CLAIM", "what somebody says of your work"),
    { "relation", OPTION_TEXT, 0, NULL, "used|adapted|performed|inspired", "how, if not as claimed" },
    { "thanks", OPTION_TEXT, 0, NULL, "WORDS", "to whoever made the source" },
    END };

static const struct option cite_decline[] = {
    NEEDS("claim", "CLAIM", "what somebody says of your work"),
    { "reason", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "why it is not so" },
    END };

static const struct option rights_request[] = {
    NEEDS("contribution", "CONTRIBUTION", "the work whose licence does not allow it"),
    { "scope", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "what you want to do with it" },
    { "pay", OPTION_TEXT, 0, NULL, "WORDS", "what its author gets" },
    { "term", OPTION_TEXT, 0, NULL, "WORDS", "for how long" },
    END };

static const struct option rights_grant[] = {
    NEEDS("contribution", "CONTRIBUTION", "your work"),
    { "request", OPTION_TEXT, 0, NULL, "REQUEST", "the request for rights that you answer" },
    { "scope", OPTION_TEXT, OPTION_REQUIRED, NULL, "WORDS", "what you allow" },
    { "pay", OPTION_TEXT, 0, NULL, "WORDS", "for what" },
    { "term", OPTION_TEXT, 0, NULL, "WORDS", "for how long" },
    END };

static const struct option rights_list[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of all works of a project" },
    { "contribution", OPTION_TEXT, 0, NULL, "CONTRIBUTION", "of one work" },
    END };

static const struct option attribution[] = {
    NEEDS("record", "RECORD", "a work or a release"),
    { "markdown", OPTION_FLAG, 0, "@markdown", NULL, "as Markdown" },
    { "html", OPTION_PATH, 0, "@html", "FILE", "as a page to be printed" },
    { "thanks", OPTION_FLAG, 0, "@thanks", NULL, "with the words of thanks" },
    END };

static const struct option tree[] = {
    NEEDS("record", "RECORD", "a work"),
    { "dot", OPTION_FLAG, 0, "@dot", NULL, "as a graph for Graphviz" },
    END };

static const struct option direct[] = {
    NEEDS("target", "CONTRIBUTION", "what you want changed"),
    NEEDS("text", "TEXT", "what you want"),
    END };

static const struct option select_one[] = {
    NEEDS("contribution", "CONTRIBUTION", "its id"),
    NEEDS("state", "shortlist|change_wanted|chosen|not_used_here", "your choice"),
    { "reason", OPTION_TEXT, 0, NULL, "TEXT", "why" },
    END };

static const struct option comment[] = {
    NEEDS("target", "RECORD", "what you speak of"),
    NEEDS("text", "TEXT", "what you say"),
    { "reply-to", OPTION_TEXT, 0, NULL, "COMMENT", "whom you answer" },
    END };

static const struct option feedback_list[] = {
    NEEDS("target", "RECORD", "what it is about"),
    END };

static const struct option feedback[] = {
    NEEDS("target", "RECORD", "the work you speak of"),
    NEEDS("fields.text", "TEXT", "what you say"),
    { "at", OPTION_TIMECODE, 0, "fields.at.from_ms", "1:23", "where in time it begins" },
    { "until", OPTION_TIMECODE, 0, "fields.at.until_ms", "1:30", "and ends" },
    { "page", OPTION_UINT, 0, "fields.at.page", "N", "on which page" },
    { "region", OPTION_REGION, 0, "fields.at", "LEFT,TOP,WIDTH,HEIGHT", "where in the picture, in percent" },
    MEDIA,
    END };

static const struct option thread_create[] = {
    NEEDS("project", "PROJECT", "the board, or any project"),
    MEDIA,
    END };

static const struct option thread_list[] = {
    NEEDS("project", "PROJECT", "the board, or any project"),
    END };

static const struct option thread_show[] = {
    NEEDS("record", "THREAD", "a thread, or anything with comments"),
    END };

static const struct option journal_write[] = {
    { "file", OPTION_TEXT_FILE, OPTION_ARGUMENT | OPTION_REQUIRED, "fields.text", "FILE", "the text; - reads it from here" },
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "what it is about" },
    MEDIA,
    END };

static const struct option journal_list[] = {
    TAKES("person", "PERSON", "whose journal; else all that are held"),
    END };

static const struct option recommend[] = {
    NEEDS("target", "RECORD", "what others should see"),
    NEEDS("fields.words", "WORDS", "why"),
    END };

static const struct option collection_create[] = {
    { "items", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED | OPTION_MANY, "items", "RECORD...", "what is in it, in order" },
    END };

/* ---- Classes and courage ---- */

static const struct option lesson_add[] = {
    NEEDS("project", "CLASS", "a project of medium class"),
    { "demonstration", OPTION_FILE, OPTION_MANY, NULL, "FILE", "how it is done (required)" },
    { "material", OPTION_FILE, OPTION_MANY, "materials", "FILE", "what to work with" },
    { "kind", OPTION_TEXT, 0, "fields.expects.media_kind", "video|audio|image|text|document|other", "what the learner is to make (required)" },
    { "works", OPTION_UINT, 0, "fields.expects.min", "N", "how many of them (1)" },
    END };

static const struct option class_progress[] = {
    NEEDS("project", "CLASS", "a project of medium class"),
    TAKES("person", "PERSON", "one person alone"),
    END };

static const struct option courage_declare[] = {
    NEEDS("thread", "THREAD", "where it is talked about"),
    NEEDS("fields.declaration", "TEXT", "what you think you cannot do"),
    { "helper", OPTION_TEXT, 0, "fields.helper", "PERSON", "whom you ask to walk along" },
    END };

static const struct option courage_help[] = {
    NEEDS("courage", "COURAGE", "somebody's declaration"),
    NEEDS("fields.declaration", "TEXT", "what you will do for them"),
    END };

static const struct option courage_attempt[] = {
    NEEDS("courage", "COURAGE", "your declaration"),
    NEEDS("work", "RECORD", "what you tried"),
    END };

static const struct option courage_keep[] = {
    NEEDS("courage", "COURAGE", "your declaration"),
    NEEDS("release", "RELEASE", "it must credit you both"),
    END };

static const struct option courage[] = {
    NEEDS("courage", "COURAGE", "a declaration"),
    END };

/* ---- Releases and the archive ---- */

static const struct option release_draft[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of which project (required)" },
    { "part", OPTION_TEXT, OPTION_MANY, "parts", "CONTRIBUTION", "what is in it" },
    { "out", OPTION_PATH, 0, "@out", "FILE", "where the credits go (credits.json)" },
    END };

static const struct option release_publish[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "of which project (required)" },
    { "file", OPTION_FILE, OPTION_MANY, "files", "FILE", "the finished work" },
    { "role", OPTION_ROLE_FILE, OPTION_MANY, "files", "ROLE=FILE", "a file as preview, master, stem, source or document" },
    { "part", OPTION_TEXT, OPTION_MANY, "parts", "CONTRIBUTION", "what is in it" },
    { "credit", OPTION_CREDIT, OPTION_MANY, "credits", "PERSON=ROLE", "who did what; a name for who has no id" },
    { "credits", OPTION_JSON_FILE, 0, "credits", "FILE", "credits as `release draft` wrote them" },
    { "omit", OPTION_OMIT, OPTION_MANY, "omitted", "PERSON=REASON", "who is left out, and why" },
    END };

static const struct option release[] = {
    NEEDS("release", "RELEASE", "its id"),
    END };

static const struct option release_bundle[] = {
    NEEDS("release", "RELEASE", "its id"),
    { "out", OPTION_PATH, OPTION_REQUIRED, "out", "FILE", "where to write it; - for stdout" },
    { "torrent", OPTION_PATH, 0, "torrent", "FILE", "and a BitTorrent v2 .torrent of its files" },
    END };

static const struct option archive_export[] = {
    NEEDS("project", "PROJECT", "its id"),
    { "out", OPTION_PATH, OPTION_REQUIRED, "out", "FILE", "where to write it; - for stdout" },
    END };

static const struct option archive_import[] = {
    { "file", OPTION_PATH, OPTION_ARGUMENT | OPTION_REQUIRED, "file", "FILE", "as `archive export` or `release bundle` wrote it; - for stdin" },
    END };

static const struct option release_verify[] = {
    { "file", OPTION_PATH, OPTION_ARGUMENT | OPTION_REQUIRED, "@file", "FILE", "a bundle; - for stdin" },
    END };

static const struct option income_declare[] = {
    { "project", OPTION_TEXT, 0, NULL, "PROJECT", "whose income it is" },
    { "release", OPTION_TEXT, 0, NULL, "RELEASE", "or the release that earned it" },
    { "gross", OPTION_TEXT, OPTION_REQUIRED, "@gross", "AMOUNT", "what came in: 1,000.00" },
    { "costs", OPTION_TEXT, 0, "@costs", "AMOUNT", "what it cost (nothing)" },
    { "currency", OPTION_TEXT, OPTION_REQUIRED, "fields.currency", "CODE", "as in ISO 4217: EUR" },
    { "mode", OPTION_TEXT, 0, "fields.mode", "profit_share|fixed_pool", "how it is shared (as the terms say)" },
    { "period", OPTION_TEXT, OPTION_REQUIRED, "fields.period", "TEXT", "when it was earned: 2026" },
    { "source", OPTION_TEXT, OPTION_REQUIRED, "fields.source", "TEXT", "where it came from" },
    END };

static const struct option split_draft[] = {
    NEEDS("income", "INCOME", "what is to be shared"),
    { "out", OPTION_PATH, 0, "@out", "FILE", "where to write it (shares.json)" },
    END };

static const struct option split_propose[] = {
    NEEDS("income", "INCOME", "what is to be shared"),
    { "share", OPTION_BP, OPTION_MANY, "shares", "PERSON=PERCENT", "somebody's share" },
    { "shares", OPTION_JSON_FILE, 0, "shares", "FILE", "all of them, as `split draft` writes them" },
    { "opens", OPTION_TIME, 0, "fields.opens_at", "TIME", "from when on (now)" },
    { "closes", OPTION_TIME, 0, "fields.closes_at", "TIME", "until when all may say something" },
    { "window", OPTION_DURATION, 0, "window_ms", "DURATION", "or how long they may (14d, which is the least)" },
    END };

static const struct option split_feedback[] = {
    NEEDS("proposal", "PROPOSAL", "its id"),
    { "text", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED, "text", "TEXT", "what you have to say" },
    { "reason", OPTION_TEXT, OPTION_REQUIRED, "reason", "left_out|too_little|too_much|missing_attribution|other", "what is not right" },
    { "proposed", OPTION_SHARE, 0, "proposed_bp", "PERCENT", "the share you think right" },
    END };

static const struct option split_reply[] = {
    NEEDS("feedback", "FEEDBACK", "its id, in `split show`"),
    { "text", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED, "text", "TEXT", "your answer" },
    { "answer", OPTION_TEXT, OPTION_REQUIRED, "answer", "agreed|partly|declined", "in a word" },
    END };

static const struct option split_accept[] = {
    NEEDS("proposal", "PROPOSAL", "its id"),
    TAKES("text", "TEXT", "why"),
    END };

static const struct option split_final[] = {
    NEEDS("proposal", "PROPOSAL", "its id"),
    { "share", OPTION_BP, OPTION_MANY, "shares", "PERSON=PERCENT", "somebody's share (all as proposed)" },
    { "shares", OPTION_JSON_FILE, 0, "shares", "FILE", "all of them from a file" },
    END };

static const struct option split_show[] = {
    NEEDS("split", "PROPOSAL|INCOME", "what was proposed, or what is shared"),
    END };

static const struct option receipt_sign[] = {
    NEEDS("final", "FINAL", "what it was paid by, in `split show`"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "whom you have paid (you were)" },
    { "amount", OPTION_TEXT, 0, "@amount", "AMOUNT", "how much (all that is outstanding)" },
    { "currency", OPTION_TEXT, OPTION_HIDDEN, "@currency", "CODE", "that of the income" },
    END };

static const struct option ledger[] = {
    TAKES("project", "PROJECT", "else all that have an income"),
    { "person", OPTION_TEXT, 0, NULL, "PERSON", "of this person alone" },
    END };

static const struct option seed[] = {
    NEEDS("target", "PROJECT|PERSON|all", "whose everything to hold; all: of everybody, shared with other archivists"),
    { "quota", OPTION_SIZE, 0, "quota_bytes", "BYTES", "at most so much" },
    { "until", OPTION_TIME, 0, "until_ms", "TIME", "until when" },
    END };

static const struct option want_list[] = {
    { "topic", OPTION_TEXT, 0, NULL, "ID", "of this topic" },
    END };

static const struct option drop[] = {
    NEEDS("target", "RECORD or ROOT", "whose files, or which file by its root"),
    { "last-copy", OPTION_FLAG, 0, NULL, NULL, "also what no other node has proved to hold" },
    END };

static const struct option gc[] = {
    { "dry-run", OPTION_FLAG, 0, NULL, NULL, "list it, remove nothing" },
    END };

static const struct option health[] = {
    TAKES("project", "PROJECT", "else everything that is held here"),
    { "under", OPTION_FLAG, 0, NULL, NULL, "only files with fewer copies than are wanted" },
    END };

static const struct option copies[] = {
    NEEDS("target", "RECORD", "a record, or the root of a file"),
    END };

static const struct option record_list[] = {
    { "topic", OPTION_TEXT, 0, NULL, "ID", "of this topic" },
    { "kind", OPTION_TEXT, 0, NULL, "KIND", "of this kind" },
    { "author", OPTION_TEXT, 0, NULL, "PERSON", "of this person" },
    { "since", OPTION_UINT, 0, NULL, "SEQ", "stored here after this number" },
    END };

static const struct option record_raw[] = {
    { "records", OPTION_TEXT, OPTION_ARGUMENT | OPTION_REQUIRED | OPTION_MANY, "@records", "ID...", "which" },
    END };

static const struct option record_import[] = {
    NEEDS("@file", "FILE", "records as `record raw` prints, or drafts as JSON; - for stdin"),
    END };

const struct command commands[] = {
    { .noun = "init", .method = NULL, .options = init, .run = run_init_person, .show = render_words, .flags = COMMAND_LONG,
      .help = "begin here: make a person, or an archivist's node",
      .more = "Starts the daemon if none runs, makes your keys and shows 24 words once. Whoever has the words is you: write them on paper. Without a passphrase file, --paper or --no-passphrase it asks for a passphrase on a terminal; elsewhere it does as with --paper.",
      .example = "troupe init --name \"Ada Example\"\ntroupe init --node-only" },
    { .noun = "start", .options = start, .run = run_start, .flags = COMMAND_LONG,
      .help = "start the daemon", .said = "the daemon is running" },
    { .noun = "stop", .options = none, .run = run_stop, .flags = COMMAND_LONG,
      .help = "end the daemon", .said = "no daemon is running now" },
    { .noun = "status", .method = "status", .options = none, .show = render_status,
      .help = "what this machine does, on one screen" },

    { .noun = "person", .verb = "recover", .method = NULL, .options = person_recover, .run = run_person_recover, .said = "you are yourself again, on this machine, too", .flags = COMMAND_LONG,
      .help = "be who you are on a new machine, by your 24 words",
      .more = "Makes a key for this machine that your words sign. What you made comes back from those who hold it: connect to one of them and follow your projects.",
      .example = "troupe person recover --words-file words.txt --paper" },
    { .noun = "person", .verb = "show", .method = "person.show", .options = person_show,
      .help = "somebody's profile, or your own" },
    { .noun = "person", .verb = "list", .method = "person.list", .options = person_list, .flags = COMMAND_LIST, .columns = "name skills seeking person",
      .help = "people whose profiles are held here" },
    { .noun = "person", .verb = "follow", .method = "person.follow", .options = person_follow, .said = "followed: their journal and profile are held here from now on",
      .help = "hold what a person says of themselves" },
    { .noun = "person", .verb = "unfollow", .method = "person.unfollow", .options = person_follow, .said = "no longer followed",
      .help = "stop to hold it" },
    { .noun = "person", .verb = "edit", .method = "person.edit", .options = none, .flags = COMMAND_EDITS, .kind = "profile", .said = "your profile is updated",
      .help = "change your profile",
      .example = "troupe person edit --bio \"I draw cats\" --skill drawing:teaching --skill ink" },

    { .noun = "peer", .verb = "add", .method = "peer.add", .options = peer_add, .run = run_peer_add,
      .help = "connect to a node whose address you know" },
    { .noun = "peer", .verb = "list", .method = "peer.list", .options = none, .columns = "state node address direction path topics rtt_ms last_error",
      .help = "nodes we know and how it goes with them" },
    { .noun = "peer", .verb = "remove", .method = "peer.remove", .options = peer, .said = "forgotten",
      .help = "forget a node" },
    { .noun = "peer", .verb = "ban", .method = "peer.ban", .options = peer, .said = "banned",
      .help = "refuse a node" },
    { .noun = "invite", .method = "invite.create", .options = invite, .show = render_link,
      .help = "a link that lets somebody join you" },
    { .noun = "join", .method = "invite.show", .options = join, .run = run_join, .said = "",
      .help = "follow somebody's link",
      .more = "Shows who invites, to which network and project, and asks on a terminal." },

    { .noun = "project", .verb = "create", .method = "project.create", .options = project_create, .kind = "project", .run = run_project_create, .said = "the project is created; ask for something: `troupe request publish`",
      .help = "start a project that you lead",
      .example = "troupe project create --title \"The Crowned Cat\" --goal \"A short film\" --medium short_film --licence CC-BY-SA-4.0" },
    { .noun = "project", .verb = "list", .method = "project.list", .options = project_list, .flags = COMMAND_LIST, .columns = "title medium stage requests_open leader id",
      .help = "projects known here" },
    { .noun = "project", .verb = "show", .method = "project.show", .options = project, .show = render_project,
      .help = "a project, its terms and its requests" },
    { .noun = "project", .verb = "follow", .method = "project.follow", .options = project, .said = "followed: its records are held here from now on",
      .help = "hold a project's records and previews" },
    { .noun = "project", .verb = "unfollow", .method = "project.unfollow", .options = project, .said = "no longer followed",
      .help = "stop to hold a project" },
    { .noun = "project", .verb = "news", .method = "project.news", .options = project_news, .said = "told",
      .help = "tell how a project that you lead goes on",
      .example = "troupe project news 1f2e3d4c5b6a7988 \"The cat is drawn\" --stage finishing" },
    { .noun = "project", .verb = "revive", .method = "project.revive", .options = project_revive, .flags = COMMAND_EDITS, .kind = "project", .said = "you lead it on, as a project of its own",
      .help = "bring back a project that nobody leads any more",
      .more = "Makes a new project that you lead and that names the old one. What you do not change stays as it was there." },
    { .noun = "edit", .method = "edit", .options = edit, .flags = COMMAND_ANY_FIELD, .run = run_edit, .said = "a new version is published",
      .help = "change something that you have published",
      .more = "Takes the fields of the record's kind as options, as the command that made it does. What is not given stays. All versions are kept; the newest is in force. A project is put on the call board by its first request, or with --listed.",
      .example = "troupe edit 1f2e3d4c5b6a7988 --title \"The Crowned Cat\" --stage shaping" },

    { .noun = "role", .verb = "grant", .method = "role.grant", .options = role_grant, .said = "invited; it counts once they accept",
      .help = "invite somebody to lead, to choose or to take part",
      .more = "Leaders and co-leaders are appointed by the project's creator. Curators and members are invited by any leader.",
      .example = "troupe role grant 1f2e3d4c5b6a7988 99aabbccddeeff00 curator" },
    { .noun = "role", .verb = "accept", .method = "role.accept", .options = role_accept, .said = "accepted",
      .help = "take the role that a project offers you" },
    { .noun = "role", .verb = "revoke", .method = "role.revoke", .options = role_revoke, .said = "the role has ended",
      .help = "end somebody's role, or your own" },
    { .noun = "role", .verb = "handover", .method = "role.handover", .options = role_handover, .said = "handed over",
      .help = "give a project to another creator",
      .more = "Its creator may do so at any time; another leader once the creator has been silent for as long as the terms say." },
    { .noun = "vouch", .method = "vouch", .options = vouch, .said = "said and signed",
      .help = "speak for a newcomer" },

    { .noun = "block", .verb = "list", .method = "block.list", .options = none, .columns = "name id until_ms reason",
      .help = "whom you have blocked" },
    { .noun = "block", .method = "block", .options = block, .said = "blocked here",
      .help = "keep a person's things away from this machine",
      .more = "They stop being shown, fetched and served, and what is held of them leaves the disk. Credits keep their name. Nobody is told, unless you share it.",
      .example = "troupe block 99aabbccddee --until +30d" },
    { .noun = "unblock", .method = "unblock", .options = unblock, .said = "no longer blocked; their things come back from peers",
      .help = "let a person's things in again" },
    { .noun = "report", .method = "report", .options = report, .said = "said and signed",
      .help = "tell keepers of something wrong",
      .more = "A report is public, and changes nothing by itself." },
    { .noun = "ruling", .method = "ruling", .options = ruling, .said = "said and signed",
      .help = "as a keeper, hide something from those who follow your rulings" },
    { .noun = "contact", .verb = "list", .method = "contact.list", .options = none, .flags = COMMAND_LIST, .columns = "author_name text created_ms author id",
      .help = "comments by strangers on works of yours, which wait for your leave" },
    { .noun = "contact", .verb = "allow", .method = "contact.allow", .options = contact_allow, .said = "done, for this machine",
      .help = "let somebody speak to you about your works",
      .more = "What strangers say about a work, a release or a journal entry of yours is not shown here before you have let them in. A stranger is whom you do not follow, and who leads nothing and has no role in that project, nor is vouched for there. Others see their words all the same.",
      .example = "troupe contact list\ntroupe contact allow 99aabbccddee" },
    { .noun = "contact", .verb = "allowed", .method = "contact.allowed", .options = none, .columns = "name id since_ms",
      .help = "whom you have let in" },
    { .noun = "keeper", .verb = "follow", .method = "keeper.follow", .options = keeper, .said = "their rulings count here from now on",
      .help = "let somebody's rulings hide things here" },
    { .noun = "keeper", .verb = "unfollow", .method = "keeper.unfollow", .options = keeper, .said = "their rulings count no more",
      .help = "show what they hide again" },
    { .noun = "keeper", .verb = "list", .method = "keeper.list", .options = none, .columns = "what name id since_ms",
      .help = "keepers you follow, and what is shown against their rulings" },
    { .noun = "keeper", .verb = "allow", .method = "keeper.allow", .options = keeper_allow, .said = "done, for this machine",
      .help = "see something whatever keepers have ruled" },
    { .noun = "retract", .method = "retract", .options = retract, .said = "taken back; willing nodes erase it",
      .help = "take back what you have made",
      .more = "Its text and files are erased wherever nodes are willing. Its id, your name and what others built on it stay. What others rest on, like releases and choices, cannot be taken back.",
      .example = "troupe retract 1f2e3d4c5b6a7988 --reason \"A voice in it is not mine to give\" --keep-title" },
    { .noun = "takedown", .verb = "list", .method = "takedown.list", .options = none, .columns = "what id since_ms reason",
      .help = "what was taken down here, and why" },
    { .noun = "takedown", .verb = "lift", .method = "takedown.lift", .options = takedown_lift, .said = "it may be held again",
      .help = "end a take-down" },
    { .noun = "takedown", .method = "takedown", .options = takedown, .said = "gone from here, and not held again",
      .help = "erase a record or file here, for good",
      .more = "It is never fetched, served or held here again, whoever brings it, until you lift it. Other nodes decide for themselves." },


    { .noun = "request", .verb = "publish", .method = "request.publish", .options = request_publish, .kind = "request", .said = "the request is published", .flags = COMMAND_LONG,
      .help = "ask for something specific",
      .more = "Warns about what the brief lacks: a deliverable, kinds, a reference, a deadline.",
      .example = "troupe request publish --project 1f2e3d4c5b6a7988 --title \"Draw the crown\" --deliverable \"The crown, as SVG\" --kind image --reference cat.jpg --deadline +14d" },
    { .noun = "request", .verb = "list", .method = "request.list", .options = request_list, .flags = COMMAND_LIST, .columns = "title kinds deadline_ms state deliverable id",
      .help = "requests, by what one can and wants to do",
      .example = "troupe request list --open --kind image\ntroupe request list --closing 7d --no-answers" },
    { .noun = "request", .verb = "show", .method = "request.show", .options = request,
      .help = "a request with its brief" },
    { .noun = "request", .verb = "close", .method = "request.close", .options = request_close, .kind = "request_close", .said = "the request is closed",
      .help = "end a request with a stated outcome" },
    { .noun = "request", .verb = "extend", .method = "request.extend", .options = request_extend, .said = "the deadline is extended",
      .help = "move a request's deadline to a later time",
      .more = "Both dates stay visible to everybody.",
      .example = "troupe request extend 1f2e3d4c5b6a7988 --deadline +7d --note \"The mill burnt down\"" },
    { .noun = "request", .verb = "reopen", .method = "request.reopen", .options = request_extend, .said = "the request is open again",
      .help = "open a closed request again" },

    { .noun = "find", .method = "find", .options = find_text, .flags = COMMAND_LIST, .columns = "kind title author created_ms id",
      .help = "what has these words in its title or text",
      .more = "Looks in what this node holds, without a network. Each word given is the beginning of one that is looked for, whatever its case and accents; all of them must be there.",
      .example = "troupe find \"crowned cat\" --in requests" },
    { .noun = "suggest", .method = "suggest", .options = none, .flags = COMMAND_LIST, .columns = "title deadline_ms why id",
      .help = "open requests that fit your skills, what you seek and what you make" },
    { .noun = "random", .method = "random", .options = draw, .columns = "kind title author created_ms id",
      .help = "something you would not have looked for" },
    { .noun = "inbox", .method = "inbox.list", .options = inbox, .flags = COMMAND_LIST, .columns = "kind author text at_ms read about id",
      .help = "what concerns you, newest first",
      .more = "Kinds: cited, answered, welcome (a first work of somebody), directed, chosen, feedback, comment, update, closing (within a day), undecided (a request of yours past its deadline), proposed, final, receipt, reply, invited, contact (a stranger's comment waits). All but comment and update come in from the beginning; a mask says which do from then on.",
      .example = "troupe inbox --mark-read\ntroupe inbox --mask comment=on --mask answered=off" },

    { .noun = "contribute", .method = "contribute", .options = contribute, .kind = "contribution", .run = run_contribute, .said = "contributed", .flags = COMMAND_LONG,
      .help = "give a work: to a request, or to a project's pool",
      .more = "Hashes and stores the files, signs, and tells the project. The project's terms must have been read: without --accept-terms they are shown, and asked for on a terminal.",
      .example = "troupe contribute 1f2e3d4c5b6a7988 crown.svg --title Crown --licence CC-BY-SA-4.0 --from 99aabbccddeeff00 --thanks \"Your melody set the mood\" --accept-terms" },
    { .noun = "contribution", .verb = "list", .method = "contribution.list", .options = contribution_list, .flags = COMMAND_LIST, .columns = "title kind author created_ms selection licence id",
      .help = "works, by request, project or person",
      .example = "troupe contribution list --led --pending\ntroupe contribution list --mine --decided" },
    { .noun = "contribution", .verb = "show", .method = "contribution.show", .options = contribution,
      .help = "a work and its files" },
    { .noun = "get", .method = "get", .options = get, .run = run_get, .show = render_files, .flags = COMMAND_JOB,
      .help = "fetch the files of a record, checked",
      .more = "An identical file is left alone, a different one never overwritten. An interrupted transfer goes on where it was." },
    { .noun = "cat", .method = "blob.read", .options = cat, .run = run_cat, .flags = COMMAND_LONG | COMMAND_NO_JSON,
      .help = "print a file of a record",
      .more = "Also while it is being fetched: what is read comes first. Of a file that nothing else wants, only the range that is read is fetched." },
    { .noun = "open", .method = "get", .options = get, .run = run_open, .show = render_files, .flags = COMMAND_JOB,
      .help = "fetch the files of a record and look at them" },
    { .noun = "cite", .verb = "claim", .method = "cite.claim", .options = cite_claim, .said = "claimed; its author accepts or declines",
      .help = "say of somebody else's work what it is built on" },
    { .noun = "cite", .verb = "accept", .method = "cite.accept", .options = cite_accept, .said = "accepted: it is cited",
      .help = "accept what somebody says of your work" },
    { .noun = "cite", .verb = "decline", .method = "cite.decline", .options = cite_decline, .said = "declined, with your reason",
      .help = "decline what somebody says of your work" },
    { .noun = "cite", .verb = "resolve", .method = "cite.resolve", .options = cite_resolve, .said = "resolved",
      .help = "name the work that a citation by text means" },
    { .noun = "cite", .verb = "withdraw", .method = "cite.withdraw", .options = cite_withdraw, .said = "withdrawn; it stays visible with your reason",
      .help = "take a citation or a claim back" },
    { .noun = "cite", .method = "cite", .options = cite, .kind = "resource", .said = "cited",
      .help = "say what a work is built on, with thanks" },
    { .noun = "tree", .method = "tree", .options = tree, .run = run_tree, .show = render_tree,
      .help = "what a work came from and what came of it" },
    { .noun = "rights", .verb = "request", .method = "rights.request", .options = rights_request, .said = "asked",
      .help = "ask an author for rights that the licence does not give" },
    { .noun = "rights", .verb = "grant", .method = "rights.grant", .options = rights_grant, .said = "granted for good",
      .help = "grant rights beyond your licence, for good",
      .more = "In this project the licence of the work then keeps nobody from releasing what is built on it. What the grant covers is what its words say. It cannot be taken back." },
    { .noun = "rights", .verb = "list", .method = "rights.list", .options = rights_list, .flags = COMMAND_LIST, .columns = "kind author_name scope state created_ms id",
      .help = "rights asked for and granted" },
    { .noun = "direct", .method = "direct", .options = direct, .kind = "direction", .said = "said",
      .help = "tell the maker of a work what you want" },
    { .noun = "select", .method = "select", .options = select_one, .kind = "selection", .said = "said and signed",
      .help = "choose, or say that you do not" },
    { .noun = "comment", .method = "comment", .options = comment, .kind = "comment", .said = "said",
      .help = "say something about anything" },

    { .noun = "feedback", .verb = "list", .method = "feedback.list", .options = feedback_list, .flags = COMMAND_LIST, .columns = "author_name tone text created_ms id",
      .help = "what was said about a work, oldest first" },
    { .noun = "feedback", .method = "feedback", .options = feedback, .kind = "feedback", .said = "said",
      .help = "tell somebody what you see in their work",
      .more = "One voice for each person and work: what you say again replaces what you said. It may point to a time, a page or a region.",
      .example = "troupe feedback 1f2e3d4c5b6a7988 \"The bridge carries me\" --tone encourage --at 1:23 --until 1:31" },
    { .noun = "recommend", .method = "recommend", .options = recommend, .kind = "recommendation", .said = "recommended",
      .help = "recommend a work in words" },
    { .noun = "collection", .verb = "create", .method = "collection.create", .options = collection_create, .kind = "collection", .said = "the collection is made",
      .help = "put works side by side" },
    { .noun = "thread", .verb = "create", .method = "thread.create", .options = thread_create, .kind = "thread", .said = "the thread is open",
      .help = "begin to talk about something" },
    { .noun = "thread", .verb = "list", .method = "thread.list", .options = thread_list, .flags = COMMAND_LIST, .columns = "title author_name created_ms id",
      .help = "the threads of a board or project" },
    { .noun = "thread", .verb = "show", .method = "thread.show", .options = thread_show, .flags = COMMAND_LIST,
      .help = "a thread with all that was said, pinned words first" },
    { .noun = "journal", .verb = "write", .method = "journal.write", .options = journal_write, .kind = "journal", .said = "it stands in your journal",
      .help = "write into your journal",
      .example = "troupe journal write night.txt --title \"The first night\"" },
    { .noun = "journal", .verb = "list", .method = "journal.list", .options = journal_list, .flags = COMMAND_LIST, .columns = "title author_name created_ms id",
      .help = "journals of people, newest first" },

    { .noun = "lesson", .verb = "add", .method = "lesson.add", .options = lesson_add, .kind = "lesson", .said = "the lesson is added",
      .help = "add a lesson to a class that you lead",
      .more = "A lesson is done when the learner has made something, not when a film was watched: `troupe contribute --project CLASS FILE --lesson LESSON`." },
    { .noun = "class", .verb = "progress", .method = "class.progress", .options = class_progress,
      .help = "the lessons of a class and who has done them" },
    { .noun = "courage", .verb = "declare", .method = "courage.declare", .options = courage_declare, .said = "declared",
      .help = "name what you think you cannot do" },
    { .noun = "courage", .verb = "help", .method = "courage.help", .options = courage_help, .said = "you walk along",
      .help = "walk along with somebody" },
    { .noun = "courage", .verb = "attempt", .method = "courage.attempt", .options = courage_attempt, .said = "the attempt is logged",
      .help = "log an attempt" },
    { .noun = "courage", .verb = "keep", .method = "courage.keep", .options = courage_keep, .said = "kept",
      .help = "name the release that you two keep of it" },
    { .noun = "courage", .verb = "show", .method = "courage.show", .options = courage,
      .help = "a declaration, who walks along, and the attempts" },

    { .noun = "release", .verb = "draft", .method = "release.draft", .options = release_draft, .run = run_release_draft, .show = render_credits,
      .help = "who must be credited: writes credits.json to edit" },
    { .noun = "release", .verb = "publish", .method = "release.publish", .options = release_publish, .kind = "release", .run = run_release_publish, .said = "released", .flags = COMMAND_LONG,
      .help = "publish the finished work with complete credits",
      .more = "Adds nobody silently. If somebody whose work is in it, directly or through what it was built on, is neither credited nor omitted with a reason, nothing is published and they are named.",
      .example = "troupe release publish --project 1f2e3d4c5b6a7988 --title \"The Crowned Cat\" --medium short_film --file film.mp4 --part 99aabbccddeeff00 --credits credits.json" },
    { .noun = "release", .verb = "show", .method = "release.show", .options = release,
      .help = "a finished work" },
    { .noun = "release", .verb = "bundle", .method = "release.bundle", .options = release_bundle, .run = run_release_bundle, .show = render_written, .flags = COMMAND_JOB | COMMAND_LONG,
      .help = "a finished work in one file, with all that proves it",
      .more = "It holds the records of the project, the certificates of all who signed, and the files of the release: whoever has it can check it without a network. What was cut off is gone on with. The .torrent names the same files by the same hashes.",
      .example = "troupe release bundle 1f2e3d4c5b6a7988 --out crowned-cat.troupe --torrent crowned-cat.torrent" },
    { .noun = "release", .verb = "verify", .options = release_verify, .run = run_release_verify, .show = render_bundle, .flags = COMMAND_LONG,
      .help = "check a bundle by itself, without a daemon",
      .more = "Checks every signature, the rules by which the release stands, and every byte of its files. Ends with 0 if all is there and right, 5 if the release does not stand, 7 if files are missing, 8 if anything is damaged.",
      .example = "troupe release verify crowned-cat.troupe" },
    { .noun = "archive", .verb = "export", .method = "archive.export", .options = archive_export, .run = run_archive_export, .show = render_written, .flags = COMMAND_JOB | COMMAND_LONG,
      .help = "a project with all its records and files in one file",
      .more = "Whoever holds the same makes the same file. What is not here is listed. If it is cut off, the same command goes on; an existing file is never written over.",
      .example = "troupe archive export 1f2e3d4c5b6a7988 --out film.troupe\ntroupe archive export 1f2e3d4c5b6a7988 --out - | ssh vault 'cat > film.troupe'" },
    { .noun = "archive", .verb = "import", .method = "archive.import", .options = archive_import, .run = run_archive_import, .show = render_taken, .flags = COMMAND_JOB | COMMAND_LONG,
      .help = "take in such a file, without a network",
      .more = "Everything in it is checked and kept as if a peer had brought it: by the same budgets and quotas, and without what you have taken down or blocked. Done twice it changes nothing; if it is cut off, it goes on.",
      .example = "troupe archive import film.troupe" },
    { .noun = "credits", .method = "credits", .options = release, .show = render_credits,
      .help = "who made it" },
    { .noun = "attribution", .method = "attribution", .options = attribution, .run = run_attribution,
      .help = "title, author, licence and sources, ready to be pasted",
      .more = "Of a release all that is in it, with its credits; of a work what it is built on.",
      .example = "troupe attribution 1f2e3d4c5b6a7988 --html credits.html" },
    { .noun = "income", .verb = "declare", .method = "income.declare", .options = income_declare, .kind = "income", .run = run_income_declare, .said = "the income is declared; share it: `troupe split propose`",
      .help = "state what a project or a release has earned",
      .more = "What is shared of it follows from the terms of the project: of a profit share what is left after costs and the house's share, of a fixed pool all.",
      .example = "troupe income declare --project 1f2e3d4c5b6a7988 --gross 1,000.00 --costs 200.00 --currency EUR --period 2026 --source tickets" },
    { .noun = "split", .verb = "draft", .method = "split.draft", .options = split_draft, .run = run_split_draft, .show = render_shares,
      .help = "equal shares for all who are credited: writes shares.json to edit" },
    { .noun = "split", .verb = "propose", .method = "split.propose", .options = split_propose, .kind = "split_proposal", .run = run_split_propose, .said = "the split is proposed; all may say something until it closes",
      .help = "propose who gets which part of an income",
      .more = "A proposal stays open for at least 14 days. Everybody may give feedback; that of all who are paid or have contributed must be answered before there can be a final.",
      .example = "troupe split propose 1f2e3d4c5b6a7988 --share 99aabbccddeeff00=60% --share 1122334455667788=40%" },
    { .noun = "split", .verb = "feedback", .method = "split.feedback", .options = split_feedback, .kind = "split_feedback", .said = "said and signed; a leader has to answer",
      .help = "say what is not right about a proposal",
      .example = "troupe split feedback 1f2e3d4c5b6a7988 \"The violin is mine\" --reason left_out --proposed 10%" },
    { .noun = "split", .verb = "reply", .method = "split.reply", .options = split_reply, .kind = "split_reply", .said = "answered",
      .help = "answer feedback on a proposal" },
    { .noun = "split", .verb = "accept", .method = "split.accept", .options = split_accept, .run = run_split_accept, .said = "accepted",
      .help = "accept a proposal: where all decide, each has to" },
    { .noun = "split", .verb = "refuse", .method = "split.accept", .options = split_accept, .run = run_split_accept, .said = "refused; you may still accept later",
      .help = "refuse a proposal: where all decide, one is enough" },
    { .noun = "split", .verb = "final", .method = "split.final", .options = split_final, .kind = "split_final", .run = run_split_propose, .said = "the split is final",
      .help = "settle who gets what, once the proposal has closed",
      .more = "The amounts are the pool shared out to the last cent. Shares may differ from those proposed, as feedback is for that, unless all who are paid decide." },
    { .noun = "split", .verb = "show", .method = "split.show", .options = split_show, .show = render_split,
      .help = "a split: its pool, shares, feedback, receipts" },
    { .noun = "receipt", .verb = "sign", .method = "receipt.sign", .options = receipt_sign, .kind = "receipt", .run = run_receipt_sign, .said = "signed",
      .help = "sign that you were paid, or that you have paid somebody",
      .more = "Signed by who was paid, it is settled; by who pays alone, it is declared. Troupe never moves money.",
      .example = "troupe receipt sign 1f2e3d4c5b6a7988 --method transfer\ntroupe receipt sign 1f2e3d4c5b6a7988 --person 99aabbccddeeff00 --amount 120.00 --method cash" },
    { .noun = "ledger", .method = "ledger", .options = ledger, .show = render_ledger,
      .help = "who was promised what, and what of it was paid" },
    { .noun = "seed", .method = "seed", .options = seed, .run = run_seed, .said = "",
      .help = "pledge room to a project, a person or everybody, and hold what is theirs",
      .more = "The pledge is said to peers, signed by this node, and again in time unless it has an end. Of a person: their own topic, and the projects and requests that they founded or lead, within one quota for all of it. With `all`: everything on the call board, of which archivists hold the files in turns, as many copies of each as are wanted.",
      .example = "troupe seed 1f2e3d4c5b6a --quota 200GiB\ntroupe seed all --quota 2TiB --until 2027-12-31" },
    { .noun = "pledge", .verb = "list", .method = "pledge.list", .options = none, .columns = "node own scope pledged bytes until_ms",
      .help = "who has pledged room, to whom and until when" },
    { .noun = "want", .verb = "list", .method = "want.list", .options = want_list, .flags = COMMAND_LIST, .columns = "state size done_bytes last_node last_ms next_try_ms tries root",
      .help = "files that are to come, why they are not here, and who had them last",
      .more = "due: asked for next. fetching: on its way. no_room: the disk or a quota is full. no_peer: nobody who holds the project is connected. not_found: who is connected has none of it. What is not to be had is asked for again later and holds up nothing else.",
      .example = "troupe want list\ntroupe want list --topic 1f2e3d4c5b6a7988" },
    { .noun = "health", .method = "health", .options = health, .show = render_health, .flags = COMMAND_LIST | COMMAND_LONG,
      .help = "which files are held by whom, and which by too few",
      .more = "A copy counts where a node has signed for it and has shown a random piece of it to this one within 7 days. What nodes only say, and what they could not show, is told apart." },
    { .noun = "copies", .method = "copies", .options = copies, .show = render_copies,
      .help = "who holds the files of a record, or one file" },

    { .noun = "drop", .method = "drop", .options = drop, .columns = "root size copies",
      .help = "let files go from this disk, and not come back by themselves",
      .more = "They stay known, and come again with: troupe get RECORD. What may be the last copy goes only with --last-copy: others count as having one when this node has challenged them within 7 days.",
      .example = "troupe drop 1f2e3d4c5b6a7988" },
    { .noun = "gc", .method = "gc", .options = gc, .show = render_findings, .flags = COMMAND_JOB,
      .help = "collect files that no record names any more",
      .more = "The daemon does so by itself, some times a day. What was taken in less than a day ago stays: its record may be under way.",
      .example = "troupe gc --dry-run" },

    { .noun = "record", .verb = "list", .method = "record.list", .options = record_list, .flags = COMMAND_LIST, .columns = "seq kind created_ms in_force author id void_reason",
      .help = "records held here" },
    { .noun = "record", .verb = "show", .method = "record.show", .options = record,
      .help = "one record and what became of it" },
    { .noun = "record", .verb = "raw", .method = "record.raw", .options = record_raw, .run = run_record_raw, .flags = COMMAND_NO_JSON,
      .help = "print exact records, one after another" },
    { .noun = "record", .verb = "import", .method = "record.import", .options = record_import, .run = run_record_import, .flags = COMMAND_LONG,
      .help = "take in exact records, or make many of a file",
      .more = "FILE has exact records, one after another, or drafts, a line of JSON each: {\"kind\": \"comment\", \"project\": ID, \"fields\": {\"target\": ID, \"text\": \"...\"}}. Fields are those of --fields; \"topic\" may stand for \"project\", \"listed\" and \"revises\" are as with single records. Each draft is signed, stored and passed on; what is refused is told by its line, and keeps no other from being made.",
      .example = "troupe record import comments.jsonl\ntroupe record raw ID > record; troupe record import record" },

    { .noun = "verify", .method = "verify", .options = verify, .run = run_verify, .show = render_findings, .flags = COMMAND_JOB,
      .help = "check everything that is stored again" },
    { .noun = "wait", .method = "wait", .options = wait_for, .run = run_wait, .said = "", .flags = COMMAND_LONG,
      .help = "wait until something is so",
      .example = "troupe wait caught-up:1f2e3d4c5b6a7988 --timeout 60" },
    { .noun = "events", .method = "events.open", .options = events, .run = run_events, .flags = COMMAND_LONG | COMMAND_NO_JSON,
      .help = "what happens, a line each" },
    { .noun = "job", .verb = "list", .method = "job.list", .options = none, .columns = "id what state done total unit",
      .help = "long work under way" },
    { .noun = "job", .verb = "attach", .method = "job.attach", .options = job, .flags = COMMAND_JOB,
      .help = "watch a job until it ends" },
    { .noun = "job", .verb = "cancel", .method = "job.cancel", .options = job, .said = "cancelled",
      .help = "end a job early" },
    { .noun = "config", .verb = "check", .options = none, .run = run_config_check, .show = render_findings,
      .help = "check troupe.conf" },
    { .noun = "clock", .verb = "set", .method = "clock.set", .options = clock_set, .flags = COMMAND_HIDDEN,
      .help = "move the clock of a test daemon" },
    { .noun = "demo", .options = demo, .run = run_demo, .flags = COMMAND_NO_JSON | COMMAND_LONG,
      .help = "a throw-away production of three nodes on this machine" },
    { .noun = "version", .options = none, .run = run_version, .show = render_version,
      .help = "which release this is" },
    { .noun = "help", .options = help, .run = run_help, .flags = COMMAND_NO_JSON,
      .help = "explain a command" },
    { .noun = "completion", .options = completion, .run = run_completion, .flags = COMMAND_NO_JSON,
      .help = "a completion script for bash, zsh or fish",
      .example = "troupe completion bash > ~/.local/share/bash-completion/completions/troupe" },
};
/* clang-format on */

const size_t commands_count = sizeof commands / sizeof commands[0];
