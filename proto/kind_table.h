#ifndef PROTO_KIND_TABLE_H
#define PROTO_KIND_TABLE_H

/*
 * The one table of kinds, fields, relations and choices: X-lists from which
 * kind.h makes its enums, and validation, rendering, the client's options and
 * the tables of docs/protocol.md §3.8 follow.  All numbers are on the wire:
 * append only, never reuse.
 *
 * An even kind changes what the record it links to means: a release that does
 * not know it must not judge that record.  An odd kind may be ignored by those
 * who do not know it.  Kinds 192 to 255 are authored by node keys (frozen, as
 * admission depends on it); all others by people.
 */

/* clang-format off */

/* name, number, text, whose key signs, its topic, may be listed, is final */
#define KIND_MAP(X)                                                                       \
    X(PROFILE,        1,   "profile",        PERSON,     PERSON,            true,  false) \
    X(DEVICE_REVOKE,  2,   "device_revoke",  PERSON_KEY, PERSON,            false, true)  \
    X(VOUCH,          3,   "vouch",          PERSON,     ANY,               false, false) \
    X(SUCCESSION,     4,   "succession",     PERSON_KEY, PERSON,            false, true)  \
    X(PAGE,           6,   "page",           PERSON,     ANY,               false, true)  \
    X(PROJECT,        7,   "project",        PERSON,     FOUNDS,            true,  true)  \
    X(MEMBERSHIP,     8,   "membership",     PERSON,     PROJECT,           false, true)  \
    X(UPDATE,         9,   "update",         PERSON,     PROJECT,           false, false) \
    X(ACCEPT,         10,  "accept",         PERSON,     PROJECT,           false, true)  \
    X(REQUEST,        11,  "request",        PERSON,     FOUNDS_OR_PROJECT, true,  false) \
    X(HANDOVER,       12,  "handover",       PERSON,     PROJECT,           false, true)  \
    X(CONTRIBUTION,   13,  "contribution",   PERSON,     PROJECT,           false, false) \
    X(REQUEST_CLOSE,  14,  "request_close",  PERSON,     PROJECT,           true,  true)  \
    X(RIGHTS_REQUEST, 15,  "rights_request", PERSON,     PROJECT,           false, false) \
    X(RESOURCE,       16,  "resource",       PERSON,     PROJECT,           false, false) \
    X(FEEDBACK,       17,  "feedback",       PERSON,     PROJECT,           false, false) \
    X(RIGHTS_GRANT,   18,  "rights_grant",   PERSON,     PROJECT,           false, true)  \
    X(DIRECTION,      19,  "direction",      PERSON,     PROJECT,           false, false) \
    X(SELECTION,      20,  "selection",      PERSON,     PROJECT,           false, true)  \
    X(RECOMMENDATION, 21,  "recommendation", PERSON,     ANY,               false, false) \
    X(SPLIT_PROPOSAL, 22,  "split_proposal", PERSON,     PROJECT,           false, true)  \
    X(COLLECTION,     23,  "collection",     PERSON,     ANY,               false, false) \
    X(SPLIT_FEEDBACK, 24,  "split_feedback", PERSON,     PROJECT,           false, true)  \
    X(THREAD,         25,  "thread",         PERSON,     PROJECT,           false, false) \
    X(SPLIT_REPLY,    26,  "split_reply",    PERSON,     PROJECT,           false, true)  \
    X(COMMENT,        27,  "comment",        PERSON,     ANY,               false, false) \
    X(SPLIT_ACCEPT,   28,  "split_accept",   PERSON,     PROJECT,           false, true)  \
    X(COURAGE,        29,  "courage",        PERSON,     PROJECT,           false, false) \
    X(SPLIT_FINAL,    30,  "split_final",    PERSON,     PROJECT,           false, true)  \
    X(JOURNAL,        31,  "journal",        PERSON,     PERSON,            false, false) \
    X(RECEIPT,        32,  "receipt",        PERSON,     PROJECT,           false, true)  \
    X(LESSON,         33,  "lesson",         PERSON,     PROJECT,           true,  false) \
    X(RULING,         34,  "ruling",         PERSON,     ANY,               false, false) \
    X(RELEASE,        35,  "release",        PERSON,     PROJECT,           true,  true)  \
    X(RETRACTION,     36,  "retraction",     PERSON,     ANY,               false, true)  \
    X(INCOME,         37,  "income",         PERSON,     PROJECT,           false, true)  \
    X(REPORT,         39,  "report",         PERSON,     ANY,               false, false) \
    X(BLOCK,          41,  "block",          PERSON,     PERSON,            false, false) \
    X(PLEDGE,         193, "pledge",         NODE,       ANY,               true,  false)

/* Maps inside bodies. */
#define SUBMAP_MAP(X)                                                        \
    X(FILE, "file")                                                          \
    X(SKILL, "skill")                                                        \
    X(TERMS, "terms")                                                        \
    X(PROCESS, "process")                                                    \
    X(PERFORMER, "performer")                                                \
    X(PART, "part")                                                          \
    X(CREDIT, "credit")                                                      \
    X(OMITTED, "omitted")                                                    \
    X(PLACE, "place")                                                        \
    X(EXPECTS, "expects")                                                    \
    X(SHARE, "share")                                                        \
    X(AMOUNT, "amount")                                                      \
    X(KEEP, "keep")

/* What a link in the head says; named like the field that it stands for. */
#define RELATION_MAP(X)                                                      \
    X(PROJECT,          1,  "project")                                       \
    X(REQUEST,          2,  "request")                                       \
    X(CONTRIBUTION,     3,  "contribution")                                  \
    X(CHILD,            4,  "child")                                         \
    X(SOURCE,           5,  "source")                                        \
    X(TARGET,           6,  "target")                                        \
    X(REPLY_TO,         7,  "reply_to")                                      \
    X(THREAD,           8,  "thread")                                        \
    X(LESSON,           9,  "lesson")                                        \
    X(MEMBERSHIP,       10, "membership")                                    \
    X(PROPOSAL,         11, "proposal")                                      \
    X(FEEDBACK,         12, "feedback")                                      \
    X(FINAL,            13, "final")                                         \
    X(INCOME,           14, "income")                                        \
    X(RELEASE,          15, "release")                                       \
    X(FORKED_FROM,      16, "forked_from")                                   \
    X(REVIVES,          17, "revives")                                       \
    X(FROM_THREAD,      18, "from_thread")                                   \
    X(PROJECT_REVISION, 19, "project_revision")                              \
    X(RIGHTS_REQUEST,   20, "rights_request")                                \
    X(HELPS,            21, "helps")                                         \
    X(KEEPSAKE,         22, "keepsake")                                      \
    X(MERGED_INTO,      23, "merged_into")                                   \
    X(ANSWERS,          24, "answers")

#define CHOICES_MAP(X)                                                       \
    X(MEDIUM, "medium")                                                      \
    X(MEDIA_KIND, "media_kind")                                              \
    X(WORK_KIND, "work_kind")                                                \
    X(FILE_ROLE, "file_role")                                                \
    X(PAY, "pay")                                                            \
    X(DECISION, "decision")                                                  \
    X(ML_USE, "ml_use")                                                      \
    X(ADMISSION, "admission")                                                \
    X(STAGE, "stage")                                                        \
    X(ROLE, "role")                                                          \
    X(OUTCOME, "outcome")                                                    \
    X(LEVEL, "level")                                                        \
    X(SKILL_LEVEL, "skill_level")                                            \
    X(AI_USE, "ai")                                                          \
    X(USE, "use")                                                            \
    X(TONE, "tone")                                                          \
    X(SELECTION, "selection")                                                \
    X(INCOME_MODE, "income_mode")                                            \
    X(SPLIT_REASON, "split_reason")                                          \
    X(ANSWER, "answer")                                                      \
    X(SCOPE, "scope")

/* Values of the choices, from 1 on, so that 0 is an absent field. */
#define CHOICE_MAP(X)                                                        \
    X(MEDIUM,       SHORT_FILM,          1,  "short_film")                   \
    X(MEDIUM,       SONG,                2,  "song")                         \
    X(MEDIUM,       ALBUM,               3,  "album")                        \
    X(MEDIUM,       BOOK,                4,  "book")                         \
    X(MEDIUM,       EPISODE,             5,  "episode")                      \
    X(MEDIUM,       GAME_ASSET,          6,  "game_asset")                   \
    X(MEDIUM,       CLASS,               7,  "class")                        \
    X(MEDIUM,       EVENT,               8,  "event")                        \
    X(MEDIUM,       BOARD,               9,  "board")                        \
    X(MEDIUM,       OPEN_POOL,           10, "open_pool")                    \
    X(MEDIUM,       OTHER,               11, "other")                        \
    X(MEDIA_KIND,   VIDEO,               1,  "video")                        \
    X(MEDIA_KIND,   AUDIO,               2,  "audio")                        \
    X(MEDIA_KIND,   IMAGE,               3,  "image")                        \
    X(MEDIA_KIND,   TEXT,                4,  "text")                         \
    X(MEDIA_KIND,   DOCUMENT,            5,  "document")                     \
    X(MEDIA_KIND,   OTHER,               6,  "other")                        \
    X(WORK_KIND,    ORIGINAL,            1,  "original")                     \
    X(WORK_KIND,    REMIX,               2,  "remix")                        \
    X(WORK_KIND,    SAMPLE,              3,  "sample")                       \
    X(WORK_KIND,    STEM,                4,  "stem")                         \
    X(WORK_KIND,    PERFORMANCE,         5,  "performance")                  \
    X(WORK_KIND,    EDIT,                6,  "edit")                         \
    X(WORK_KIND,    IDEA,                7,  "idea")                         \
    X(WORK_KIND,    CRITIQUE,            8,  "critique")                     \
    X(FILE_ROLE,    PREVIEW,             1,  "preview")                      \
    X(FILE_ROLE,    MASTER,              2,  "master")                       \
    X(FILE_ROLE,    STEM,                3,  "stem")                         \
    X(FILE_ROLE,    SOURCE,              4,  "source")                       \
    X(FILE_ROLE,    DOCUMENT,            5,  "document")                     \
    X(PAY,          NONE,                1,  "none")                         \
    X(PAY,          PROFIT_SHARE,        2,  "profit_share")                 \
    X(PAY,          FIXED_POOL,          3,  "fixed_pool")                   \
    X(DECISION,     LEADER,              1,  "leader")                       \
    X(DECISION,     UNANIMOUS,           2,  "unanimous")                    \
    X(ML_USE,       NO,                  1,  "no")                           \
    X(ML_USE,       ASK,                 2,  "ask")                          \
    X(ML_USE,       YES,                 3,  "yes")                          \
    X(ADMISSION,    OPEN,                1,  "open")                         \
    X(ADMISSION,    VOUCHED,             2,  "vouched")                      \
    X(ADMISSION,    MEMBERS,             3,  "members")                      \
    X(STAGE,        IDEA,                1,  "idea")                         \
    X(STAGE,        GATHERING,           2,  "gathering")                    \
    X(STAGE,        SHAPING,             3,  "shaping")                      \
    X(STAGE,        FINISHING,           4,  "finishing")                    \
    X(STAGE,        RELEASED,            5,  "released")                     \
    X(STAGE,        DORMANT,             6,  "dormant")                      \
    X(ROLE,         LEADER,              1,  "leader")                       \
    X(ROLE,         CO_LEADER,           2,  "co_leader")                    \
    X(ROLE,         CURATOR,             3,  "curator")                      \
    X(ROLE,         MEMBER,              4,  "member")                       \
    X(ROLE,         NONE,                5,  "none")                         \
    X(OUTCOME,      CHOSEN,              1,  "chosen")                       \
    X(OUTCOME,      NONE_USED,           2,  "none_used")                    \
    X(OUTCOME,      WITHDRAWN,           3,  "withdrawn")                    \
    X(OUTCOME,      MERGED,              4,  "merged")                       \
    X(OUTCOME,      EXTENDED,            5,  "extended")                     \
    X(OUTCOME,      REOPENED,            6,  "reopened")                     \
    X(LEVEL,        FIRST_TIME,          1,  "first_time")                   \
    X(LEVEL,        ANY,                 2,  "any")                          \
    X(LEVEL,        PRO,                 3,  "pro")                          \
    X(SKILL_LEVEL,  LEARNING,            1,  "learning")                     \
    X(SKILL_LEVEL,  ABLE,                2,  "able")                         \
    X(SKILL_LEVEL,  TEACHING,            3,  "teaching")                     \
    X(AI_USE,       NONE,                1,  "none")                         \
    X(AI_USE,       PART,                2,  "part")                         \
    X(AI_USE,       ALL,                 3,  "all")                          \
    X(USE,          USED,                1,  "used")                         \
    X(USE,          ADAPTED,             2,  "adapted")                      \
    X(USE,          PERFORMED,           3,  "performed")                    \
    X(USE,          INSPIRED,            4,  "inspired")                     \
    X(TONE,         ENCOURAGE,           1,  "encourage")                    \
    X(TONE,         QUESTION,            2,  "question")                     \
    X(TONE,         NOTE,                3,  "note")                         \
    X(TONE,         OFFER_HELP,          4,  "offer_help")                   \
    X(TONE,         CORRECTION,          5,  "correction")                   \
    X(SELECTION,    SHORTLIST,           1,  "shortlist")                    \
    X(SELECTION,    CHANGE_WANTED,       2,  "change_wanted")                \
    X(SELECTION,    CHOSEN,              3,  "chosen")                       \
    X(SELECTION,    NOT_USED_HERE,       4,  "not_used_here")                \
    X(INCOME_MODE,  PROFIT_SHARE,        1,  "profit_share")                 \
    X(INCOME_MODE,  FIXED_POOL,          2,  "fixed_pool")                   \
    X(SPLIT_REASON, LEFT_OUT,            1,  "left_out")                     \
    X(SPLIT_REASON, TOO_LITTLE,          2,  "too_little")                   \
    X(SPLIT_REASON, TOO_MUCH,            3,  "too_much")                     \
    X(SPLIT_REASON, MISSING_ATTRIBUTION, 4,  "missing_attribution")          \
    X(SPLIT_REASON, OTHER,               5,  "other")                        \
    X(ANSWER,       AGREED,              1,  "agreed")                       \
    X(ANSWER,       PARTLY,              2,  "partly")                       \
    X(ANSWER,       DECLINED,            3,  "declined")                     \
    X(SCOPE,        PROJECT,             1,  "project")                      \
    X(SCOPE,        PERSON,              2,  "person")                       \
    X(SCOPE,        CLASS,               3,  "class")                        \
    X(SCOPE,        ALL,                 4,  "all")

/*
 * shape, name, type, presence, most elements (0: not a list), most bytes of a
 * text or largest number (0: the type says), what the type refers to.  In
 * the order of shapes (KIND_MAP, then SUBMAP_MAP), by which they are found; and
 * within a shape in ascending order of names, which is the order on the wire.
 */
#define FIELD_MAP(X)                                                                                               \
    X(PROFILE,        "avatar",               MAP,    MAY,    0,    0,                  SHAPE_FILE)                \
    X(PROFILE,        "bio",                  TEXT,   MAY,    0,    4000,               0)                         \
    X(PROFILE,        "languages",            LINE,   MAY,    16,   35,                 0)                         \
    X(PROFILE,        "links",                LINE,   MAY,    16,   500,                0)                         \
    X(PROFILE,        "name",                 LINE,   MUST,   0,    128,                0)                         \
    X(PROFILE,        "pay_address",          LINE,   MAY,    0,    200,                0)                         \
    X(PROFILE,        "seeking",              LINE,   MAY,    32,   64,                 0)                         \
    X(PROFILE,        "skills",               MAP,    MAY,    64,   0,                  SHAPE_SKILL)               \
    X(DEVICE_REVOKE,  "device",               KEY,    MUST,   0,    0,                  0)                         \
    X(DEVICE_REVOKE,  "known",                PREFIX, MAY,    3000, 0,                  0)                         \
    X(DEVICE_REVOKE,  "pages",                ID,     MAY,    64,   0,                  0)                         \
    X(DEVICE_REVOKE,  "reason",               TEXT,   MAY,    0,    1000,               0)                         \
    X(DEVICE_REVOKE,  "since",                TIME,   MUST,   0,    0,                  0)                         \
    X(VOUCH,          "person",               PERSON, MUST,   0,    0,                  0)                         \
    X(VOUCH,          "words",                TEXT,   MAY,    0,    1000,               0)                         \
    X(SUCCESSION,     "commitment",           HASH,   MUST,   0,    0,                  0)                         \
    X(SUCCESSION,     "next_key",             KEY,    MUST,   0,    0,                  0)                         \
    X(SUCCESSION,     "reason",               TEXT,   MAY,    0,    1000,               0)                         \
    X(PAGE,           "index",                UINT,   MUST,   0,    63,                 0)                         \
    X(PAGE,           "items",                ANY,    MUST,   3000, 0,                  0)                         \
    X(PAGE,           "of",                   LINE,   MUST,   0,    64,                 0)                         \
    X(PROJECT,        "admission",            ENUM,   MAY,    0,    0,                  CHOICES_ADMISSION)         \
    X(PROJECT,        "cover",                MAP,    MAY,    0,    0,                  SHAPE_FILE)                \
    X(PROJECT,        "deadline",             TIME,   MAY,    0,    0,                  0)                         \
    X(PROJECT,        "forked_from",          LINK,   MAY,    0,    0,                  RELATION_FORKED_FROM)      \
    X(PROJECT,        "from_thread",          LINK,   MAY,    0,    0,                  RELATION_FROM_THREAD)      \
    X(PROJECT,        "goal",                 TEXT,   MUST,   0,    4000,               0)                         \
    X(PROJECT,        "intent",               TEXT,   MAY,    0,    8000,               0)                         \
    X(PROJECT,        "language",             LINE,   MAY,    0,    35,                 0)                         \
    X(PROJECT,        "licence",              LINE,   MUST,   0,    64,                 0)                         \
    X(PROJECT,        "medium",               ENUM,   MUST,   0,    0,                  CHOICES_MEDIUM)            \
    X(PROJECT,        "needs",                LINE,   MAY,    32,   200,                0)                         \
    X(PROJECT,        "revives",              LINK,   MAY,    0,    0,                  RELATION_REVIVES)          \
    X(PROJECT,        "stage",                ENUM,   MAY,    0,    0,                  CHOICES_STAGE)             \
    X(PROJECT,        "tags",                 LINE,   MAY,    32,   64,                 0)                         \
    X(PROJECT,        "terms",                MAP,    MUST,   0,    0,                  SHAPE_TERMS)               \
    X(PROJECT,        "title",                LINE,   MUST,   0,    200,                0)                         \
    X(MEMBERSHIP,     "credit_as",            LINE,   MAY,    0,    128,                0)                         \
    X(MEMBERSHIP,     "person",               PERSON, MUST,   0,    0,                  0)                         \
    X(MEMBERSHIP,     "project",              LINK,   MUST,   0,    0,                  RELATION_PROJECT)          \
    X(MEMBERSHIP,     "role",                 ENUM,   MUST,   0,    0,                  CHOICES_ROLE)              \
    X(UPDATE,         "media",                MAP,    MAY,    32,   0,                  SHAPE_FILE)                \
    X(UPDATE,         "project",              LINK,   MUST,   0,    0,                  RELATION_PROJECT)          \
    X(UPDATE,         "stage",                ENUM,   MAY,    0,    0,                  CHOICES_STAGE)             \
    X(UPDATE,         "text",                 TEXT,   MUST,   0,    16000,              0)                         \
    X(ACCEPT,         "credit_as",            LINE,   MAY,    0,    128,                0)                         \
    X(ACCEPT,         "membership",           LINK,   MUST,   0,    0,                  RELATION_MEMBERSHIP)       \
    X(ACCEPT,         "project",              LINK,   MUST,   0,    0,                  RELATION_PROJECT)          \
    X(REQUEST,        "brief_media",          MAP,    MAY,    32,   0,                  SHAPE_FILE)                \
    X(REQUEST,        "deadline",             TIME,   MAY,    0,    0,                  0)                         \
    X(REQUEST,        "deliverable",          TEXT,   MUST,   0,    2000,               0)                         \
    X(REQUEST,        "entries_hidden_until", TIME,   MAY,    0,    0,                  0)                         \
    X(REQUEST,        "examples",             MAP,    MAY,    32,   0,                  SHAPE_FILE)                \
    X(REQUEST,        "instructions",         TEXT,   MAY,    0,    16000,              0)                         \
    X(REQUEST,        "interests",            LINE,   MAY,    32,   64,                 0)                         \
    X(REQUEST,        "lesson",               LINK,   MAY,    0,    0,                  RELATION_LESSON)           \
    X(REQUEST,        "level",                ENUM,   MAY,    0,    0,                  CHOICES_LEVEL)             \
    X(REQUEST,        "media_kinds",          ENUM,   MUST,   8,    0,                  CHOICES_MEDIA_KIND)        \
    X(REQUEST,        "order",                UINT,   MAY,    0,    1000000,            0)                         \
    X(REQUEST,        "project",              LINK,   MAY,    0,    0,                  RELATION_PROJECT)          \
    X(REQUEST,        "project_revision",     LINK,   MAY,    0,    0,                  RELATION_PROJECT_REVISION) \
    X(REQUEST,        "references",           ID,     MAY,    64,   0,                  0)                         \
    X(REQUEST,        "title",                LINE,   MUST,   0,    200,                0)                         \
    X(HANDOVER,       "new_creator",          PERSON, MUST,   0,    0,                  0)                         \
    X(HANDOVER,       "project",              LINK,   MUST,   0,    0,                  RELATION_PROJECT)          \
    X(HANDOVER,       "reason",               TEXT,   MAY,    0,    1000,               0)                         \
    X(CONTRIBUTION,   "accepted_terms",       HASH,   MAY,    0,    0,                  0)                         \
    X(CONTRIBUTION,   "cover",                MAP,    MAY,    0,    0,                  SHAPE_FILE)                \
    X(CONTRIBUTION,   "duration_ms",          UINT,   MAY,    0,    RECORD_TIME_MAX_MS, 0)                         \
    X(CONTRIBUTION,   "files",                MAP,    MUST,   128,  0,                  SHAPE_FILE)                \
    X(CONTRIBUTION,   "key",                  LINE,   MAY,    0,    64,                 0)                         \
    X(CONTRIBUTION,   "lesson",               LINK,   MAY,    0,    0,                  RELATION_LESSON)           \
    X(CONTRIBUTION,   "licence",              LINE,   MUST,   0,    64,                 0)                         \
    X(CONTRIBUTION,   "made_with_ai",         ENUM,   MAY,    0,    0,                  CHOICES_AI_USE)            \
    X(CONTRIBUTION,   "media_kind",           ENUM,   MUST,   0,    0,                  CHOICES_MEDIA_KIND)        \
    X(CONTRIBUTION,   "pages",                ID,     MAY,    64,   0,                  0)                         \
    X(CONTRIBUTION,   "performers",           MAP,    MAY,    64,   0,                  SHAPE_PERFORMER)           \
    X(CONTRIBUTION,   "process",              MAP,    MAY,    0,    0,                  SHAPE_PROCESS)             \
    X(CONTRIBUTION,   "project",              LINK,   MAY,    0,    0,                  RELATION_PROJECT)          \
    X(CONTRIBUTION,   "request",              LINK,   MAY,    0,    0,                  RELATION_REQUEST)          \
    X(CONTRIBUTION,   "rights_statement",     LINE,   MUST,   0,    500,                0)                         \
    X(CONTRIBUTION,   "role_played",          LINE,   MAY,    0,    128,                0)                         \
    X(CONTRIBUTION,   "tags",                 LINE,   MAY,    32,   64,                 0)                         \
    X(CONTRIBUTION,   "tempo",                LINE,   MAY,    0,    64,                 0)                         \
    X(CONTRIBUTION,   "text",                 TEXT,   MAY,    0,    32000,              0)                         \
    X(CONTRIBUTION,   "title",                LINE,   MUST,   0,    200,                0)                         \
    X(CONTRIBUTION,   "warning",              LINE,   MAY,    0,    200,                0)                         \
    X(CONTRIBUTION,   "work_kind",            ENUM,   MUST,   0,    0,                  CHOICES_WORK_KIND)         \
    X(REQUEST_CLOSE,  "deadline",             TIME,   MAY,    0,    0,                  0)                         \
    X(REQUEST_CLOSE,  "known",                PREFIX, MAY,    3000, 0,                  0)                         \
    X(REQUEST_CLOSE,  "merged_into",          LINK,   MAY,    0,    0,                  RELATION_MERGED_INTO)      \
    X(REQUEST_CLOSE,  "note",                 TEXT,   MUST,   0,    4000,               0)                         \
    X(REQUEST_CLOSE,  "outcome",              ENUM,   MUST,   0,    0,                  CHOICES_OUTCOME)           \
    X(REQUEST_CLOSE,  "pages",                ID,     MAY,    64,   0,                  0)                         \
    X(REQUEST_CLOSE,  "request",              LINK,   MUST,   0,    0,                  RELATION_REQUEST)          \
    X(REQUEST_CLOSE,  "used",                 ID,     MAY,    256,  0,                  0)                         \
    X(RIGHTS_REQUEST, "contribution",         LINK,   MUST,   0,    0,                  RELATION_CONTRIBUTION)     \
    X(RIGHTS_REQUEST, "pay",                  TEXT,   MAY,    0,    1000,               0)                         \
    X(RIGHTS_REQUEST, "scope",                TEXT,   MUST,   0,    2000,               0)                         \
    X(RIGHTS_REQUEST, "term",                 TEXT,   MAY,    0,    1000,               0)                         \
    X(RESOURCE,       "answers",              LINK,   MAY,    0,    0,                  RELATION_ANSWERS)          \
    X(RESOURCE,       "child",                LINK,   MUST,   0,    0,                  RELATION_CHILD)            \
    X(RESOURCE,       "claim",                BOOL,   MAY,    0,    0,                  0)                         \
    X(RESOURCE,       "declined",             LINE,   MAY,    0,    500,                0)                         \
    X(RESOURCE,       "portion",              LINE,   MAY,    0,    200,                0)                         \
    X(RESOURCE,       "relation",             ENUM,   MAY,    0,    0,                  CHOICES_USE)               \
    X(RESOURCE,       "source",               LINK,   EITHER, 0,    0,                  RELATION_SOURCE)           \
    X(RESOURCE,       "source_author",        PERSON, MAY,    0,    0,                  0)                         \
    X(RESOURCE,       "source_licence",       LINE,   MAY,    0,    64,                 0)                         \
    X(RESOURCE,       "source_text",          TEXT,   EITHER, 0,    1000,               0)                         \
    X(RESOURCE,       "thanks",               TEXT,   MUST,   0,    2000,               0)                         \
    X(RESOURCE,       "upstream",             PERSON, MAY,    256,  0,                  0)                         \
    X(RESOURCE,       "url",                  LINE,   MAY,    0,    500,                0)                         \
    X(RESOURCE,       "withdrawn",            LINE,   MAY,    0,    500,                0)                         \
    X(FEEDBACK,       "at",                   MAP,    MAY,    0,    0,                  SHAPE_PLACE)               \
    X(FEEDBACK,       "media",                MAP,    MAY,    16,   0,                  SHAPE_FILE)                \
    X(FEEDBACK,       "target",               LINK,   MUST,   0,    0,                  RELATION_TARGET)           \
    X(FEEDBACK,       "text",                 TEXT,   MUST,   0,    16000,              0)                         \
    X(FEEDBACK,       "tone",                 ENUM,   MUST,   0,    0,                  CHOICES_TONE)              \
    X(RIGHTS_GRANT,   "contribution",         LINK,   MUST,   0,    0,                  RELATION_CONTRIBUTION)     \
    X(RIGHTS_GRANT,   "pay",                  TEXT,   MAY,    0,    1000,               0)                         \
    X(RIGHTS_GRANT,   "rights_request",       LINK,   MAY,    0,    0,                  RELATION_RIGHTS_REQUEST)   \
    X(RIGHTS_GRANT,   "scope",                TEXT,   MUST,   0,    2000,               0)                         \
    X(RIGHTS_GRANT,   "term",                 TEXT,   MAY,    0,    1000,               0)                         \
    X(DIRECTION,      "by_when",              TIME,   MAY,    0,    0,                  0)                         \
    X(DIRECTION,      "change",               LINE,   MAY,    32,   500,                0)                         \
    X(DIRECTION,      "more_like",            ID,     MAY,    64,   0,                  0)                         \
    X(DIRECTION,      "target",               LINK,   MUST,   0,    0,                  RELATION_TARGET)           \
    X(DIRECTION,      "text",                 TEXT,   MUST,   0,    16000,              0)                         \
    X(SELECTION,      "contribution",         LINK,   MUST,   0,    0,                  RELATION_CONTRIBUTION)     \
    X(SELECTION,      "place_in_work",        LINE,   MAY,    0,    200,                0)                         \
    X(SELECTION,      "reason",               TEXT,   MAY,    0,    4000,               0)                         \
    X(SELECTION,      "state",                ENUM,   MUST,   0,    0,                  CHOICES_SELECTION)         \
    X(RECOMMENDATION, "for_interest",         LINE,   MAY,    0,    64,                 0)                         \
    X(RECOMMENDATION, "target",               LINK,   MUST,   0,    0,                  RELATION_TARGET)           \
    X(RECOMMENDATION, "words",                TEXT,   MUST,   0,    4000,               0)                         \
    X(SPLIT_PROPOSAL, "closes_at",            TIME,   MUST,   0,    0,                  0)                         \
    X(SPLIT_PROPOSAL, "groups",               LINE,   MAY,    32,   128,                0)                         \
    X(SPLIT_PROPOSAL, "income",               LINK,   MUST,   0,    0,                  RELATION_INCOME)           \
    X(SPLIT_PROPOSAL, "notes",                TEXT,   MAY,    0,    8000,               0)                         \
    X(SPLIT_PROPOSAL, "opens_at",             TIME,   MUST,   0,    0,                  0)                         \
    X(SPLIT_PROPOSAL, "pages",                ID,     MAY,    64,   0,                  0)                         \
    X(SPLIT_PROPOSAL, "shares",               MAP,    MUST,   256,  0,                  SHAPE_SHARE)               \
    X(SPLIT_PROPOSAL, "waived",               PERSON, MAY,    256,  0,                  0)                         \
    X(COLLECTION,     "items",                ID,     MUST,   1000, 0,                  0)                         \
    X(COLLECTION,     "note",                 TEXT,   MAY,    0,    4000,               0)                         \
    X(COLLECTION,     "pages",                ID,     MAY,    64,   0,                  0)                         \
    X(COLLECTION,     "title",                LINE,   MUST,   0,    200,                0)                         \
    X(SPLIT_FEEDBACK, "evidence",             ID,     MAY,    64,   0,                  0)                         \
    X(SPLIT_FEEDBACK, "proposal",             LINK,   MUST,   0,    0,                  RELATION_PROPOSAL)         \
    X(SPLIT_FEEDBACK, "proposed_bp",          UINT,   MAY,    0,    10000,              0)                         \
    X(SPLIT_FEEDBACK, "reason",               ENUM,   MUST,   0,    0,                  CHOICES_SPLIT_REASON)      \
    X(SPLIT_FEEDBACK, "text",                 TEXT,   MUST,   0,    8000,               0)                         \
    X(THREAD,         "media",                MAP,    MAY,    16,   0,                  SHAPE_FILE)                \
    X(THREAD,         "pinned",               BOOL,   MAY,    0,    0,                  0)                         \
    X(THREAD,         "text",                 TEXT,   MUST,   0,    16000,              0)                         \
    X(THREAD,         "title",                LINE,   MUST,   0,    200,                0)                         \
    X(SPLIT_REPLY,    "answer",               ENUM,   MUST,   0,    0,                  CHOICES_ANSWER)            \
    X(SPLIT_REPLY,    "feedback",             LINK,   MUST,   0,    0,                  RELATION_FEEDBACK)         \
    X(SPLIT_REPLY,    "text",                 TEXT,   MUST,   0,    8000,               0)                         \
    X(COMMENT,        "media",                MAP,    MAY,    16,   0,                  SHAPE_FILE)                \
    X(COMMENT,        "pinned",               BOOL,   MAY,    0,    0,                  0)                         \
    X(COMMENT,        "reply_to",             LINK,   MAY,    0,    0,                  RELATION_REPLY_TO)         \
    X(COMMENT,        "target",               LINK,   MUST,   0,    0,                  RELATION_TARGET)           \
    X(COMMENT,        "text",                 TEXT,   MUST,   0,    16000,              0)                         \
    X(SPLIT_ACCEPT,   "accept",               BOOL,   MUST,   0,    0,                  0)                         \
    X(SPLIT_ACCEPT,   "proposal",             LINK,   MUST,   0,    0,                  RELATION_PROPOSAL)         \
    X(SPLIT_ACCEPT,   "text",                 TEXT,   MAY,    0,    4000,               0)                         \
    X(COURAGE,        "accept",               BOOL,   MAY,    0,    0,                  0)                         \
    X(COURAGE,        "attempts",             ID,     MAY,    64,   0,                  0)                         \
    X(COURAGE,        "declaration",          TEXT,   MUST,   0,    4000,               0)                         \
    X(COURAGE,        "helper",               PERSON, MAY,    0,    0,                  0)                         \
    X(COURAGE,        "helps",                LINK,   MAY,    0,    0,                  RELATION_HELPS)            \
    X(COURAGE,        "keepsake",             LINK,   MAY,    0,    0,                  RELATION_KEEPSAKE)         \
    X(COURAGE,        "thread",               LINK,   MUST,   0,    0,                  RELATION_THREAD)           \
    X(SPLIT_FINAL,    "amounts",              MAP,    MUST,   512,  0,                  SHAPE_AMOUNT)              \
    X(SPLIT_FINAL,    "dissent",              TEXT,   MAY,    0,    8000,               0)                         \
    X(SPLIT_FINAL,    "pages",                ID,     MAY,    64,   0,                  0)                         \
    X(SPLIT_FINAL,    "proposal",             LINK,   MUST,   0,    0,                  RELATION_PROPOSAL)         \
    X(SPLIT_FINAL,    "shares",               MAP,    MUST,   256,  0,                  SHAPE_SHARE)               \
    X(SPLIT_FINAL,    "waived",               PERSON, MAY,    256,  0,                  0)                         \
    X(JOURNAL,        "media",                MAP,    MAY,    32,   0,                  SHAPE_FILE)                \
    X(JOURNAL,        "project",              LINK,   MAY,    0,    0,                  RELATION_PROJECT)          \
    X(JOURNAL,        "text",                 TEXT,   MUST,   0,    32000,              0)                         \
    X(JOURNAL,        "title",                LINE,   MUST,   0,    200,                0)                         \
    X(RECEIPT,        "amount",               UINT,   MUST,   0,    MP_INT_MAX,         0)                         \
    X(RECEIPT,        "currency",             LINE,   MUST,   0,    3,                  0)                         \
    X(RECEIPT,        "final",                LINK,   MUST,   0,    0,                  RELATION_FINAL)            \
    X(RECEIPT,        "method",               LINE,   MUST,   0,    64,                 0)                         \
    X(RECEIPT,        "person",               PERSON, MUST,   0,    0,                  0)                         \
    X(RECEIPT,        "txn_ref",              LINE,   MAY,    0,    200,                0)                         \
    X(LESSON,         "call_to_action",       TEXT,   MUST,   0,    4000,               0)                         \
    X(LESSON,         "demonstration",        MAP,    MUST,   16,   0,                  SHAPE_FILE)                \
    X(LESSON,         "expects",              MAP,    MUST,   0,    0,                  SHAPE_EXPECTS)             \
    X(LESSON,         "index",                UINT,   MUST,   0,    10000,              0)                         \
    X(LESSON,         "materials",            MAP,    MAY,    32,   0,                  SHAPE_FILE)                \
    X(LESSON,         "minutes",              UINT,   MAY,    0,    100000,             0)                         \
    X(LESSON,         "project",              LINK,   MUST,   0,    0,                  RELATION_PROJECT)          \
    X(LESSON,         "tips",                 TEXT,   MAY,    0,    8000,               0)                         \
    X(RULING,         "evidence",             ID,     MAY,    64,   0,                  0)                         \
    X(RULING,         "person",               PERSON, EITHER, 0,    0,                  0)                         \
    X(RULING,         "reason",               LINE,   MUST,   0,    200,                0)                         \
    X(RULING,         "target",               LINK,   EITHER, 0,    0,                  RELATION_TARGET)           \
    X(RULING,         "text",                 TEXT,   MAY,    0,    8000,               0)                         \
    X(RULING,         "until",                TIME,   MAY,    0,    0,                  0)                         \
    X(RELEASE,        "credits",              MAP,    MUST,   512,  0,                  SHAPE_CREDIT)              \
    X(RELEASE,        "date",                 TIME,   MAY,    0,    0,                  0)                         \
    X(RELEASE,        "files",                MAP,    MUST,   128,  0,                  SHAPE_FILE)                \
    X(RELEASE,        "isbn",                 LINE,   MAY,    0,    32,                 0)                         \
    X(RELEASE,        "isrc",                 LINE,   MAY,    0,    32,                 0)                         \
    X(RELEASE,        "making_of",            MAP,    MAY,    32,   0,                  SHAPE_FILE)                \
    X(RELEASE,        "medium",               ENUM,   MUST,   0,    0,                  CHOICES_MEDIUM)            \
    X(RELEASE,        "omitted",              MAP,    MAY,    128,  0,                  SHAPE_OMITTED)             \
    X(RELEASE,        "pages",                ID,     MAY,    64,   0,                  0)                         \
    X(RELEASE,        "parts",                MAP,    MUST,   512,  0,                  SHAPE_PART)                \
    X(RELEASE,        "project",              LINK,   MUST,   0,    0,                  RELATION_PROJECT)          \
    X(RELEASE,        "title",                LINE,   MUST,   0,    200,                0)                         \
    X(RETRACTION,     "keep",                 MAP,    MAY,    0,    0,                  SHAPE_KEEP)                \
    X(RETRACTION,     "reason",               LINE,   MUST,   0,    500,                0)                         \
    X(RETRACTION,     "target",               LINK,   MUST,   0,    0,                  RELATION_TARGET)           \
    X(INCOME,         "costs",                UINT,   MUST,   0,    MP_INT_MAX,         0)                         \
    X(INCOME,         "currency",             LINE,   MUST,   0,    3,                  0)                         \
    X(INCOME,         "gross",                UINT,   MUST,   0,    MP_INT_MAX,         0)                         \
    X(INCOME,         "mode",                 ENUM,   MUST,   0,    0,                  CHOICES_INCOME_MODE)       \
    X(INCOME,         "period",               LINE,   MUST,   0,    64,                 0)                         \
    X(INCOME,         "pool_from",            LINE,   MAY,    0,    200,                0)                         \
    X(INCOME,         "project",              LINK,   EITHER, 0,    0,                  RELATION_PROJECT)          \
    X(INCOME,         "release",              LINK,   EITHER, 0,    0,                  RELATION_RELEASE)          \
    X(INCOME,         "source",               LINE,   MUST,   0,    200,                0)                         \
    X(REPORT,         "evidence",             ID,     MAY,    64,   0,                  0)                         \
    X(REPORT,         "person",               PERSON, EITHER, 0,    0,                  0)                         \
    X(REPORT,         "reason",               LINE,   MUST,   0,    200,                0)                         \
    X(REPORT,         "target",               LINK,   EITHER, 0,    0,                  RELATION_TARGET)           \
    X(REPORT,         "text",                 TEXT,   MAY,    0,    8000,               0)                         \
    X(REPORT,         "until",                TIME,   MAY,    0,    0,                  0)                         \
    X(BLOCK,          "evidence",             ID,     MAY,    64,   0,                  0)                         \
    X(BLOCK,          "person",               PERSON, EITHER, 0,    0,                  0)                         \
    X(BLOCK,          "reason",               LINE,   MUST,   0,    200,                0)                         \
    X(BLOCK,          "target",               LINK,   EITHER, 0,    0,                  RELATION_TARGET)           \
    X(BLOCK,          "text",                 TEXT,   MAY,    0,    8000,               0)                         \
    X(BLOCK,          "until",                TIME,   MAY,    0,    0,                  0)                         \
    X(PLEDGE,         "bandwidth",            UINT,   MAY,    0,    MP_INT_MAX,         0)                         \
    X(PLEDGE,         "bytes",                UINT,   MUST,   0,    MP_INT_MAX,         0)                         \
    X(PLEDGE,         "pledged",              HASH,   MAY,    0,    0,                  0)                         \
    X(PLEDGE,         "scope",                ENUM,   MUST,   0,    0,                  CHOICES_SCOPE)             \
    X(PLEDGE,         "until",                TIME,   MUST,   0,    0,                  0)                         \
    X(FILE,           "blob",                 BLOB,   MUST,   0,    0,                  0)                         \
    X(FILE,           "media_type",           LINE,   MUST,   0,    128,                0)                         \
    X(FILE,           "name",                 LINE,   MUST,   0,    255,                0)                         \
    X(FILE,           "role",                 ENUM,   MAY,    0,    0,                  CHOICES_FILE_ROLE)         \
    X(SKILL,          "level",                ENUM,   MUST,   0,    0,                  CHOICES_SKILL_LEVEL)       \
    X(SKILL,          "tag",                  LINE,   MUST,   0,    64,                 0)                         \
    X(TERMS,          "decision",             ENUM,   MUST,   0,    0,                  CHOICES_DECISION)          \
    X(TERMS,          "house_share_bp",       UINT,   MAY,    0,    10000,              0)                         \
    X(TERMS,          "ml_use",               ENUM,   MUST,   0,    0,                  CHOICES_ML_USE)            \
    X(TERMS,          "pay",                  ENUM,   MUST,   0,    0,                  CHOICES_PAY)               \
    X(TERMS,          "silence_days",         UINT,   MAY,    0,    36500,              0)                         \
    X(PROCESS,        "notes",                TEXT,   MAY,    0,    8000,               0)                         \
    X(PROCESS,        "steps",                TEXT,   MAY,    0,    8000,               0)                         \
    X(PROCESS,        "tools",                LINE,   MAY,    32,   128,                0)                         \
    X(PERFORMER,      "name",                 LINE,   EITHER, 0,    128,                0)                         \
    X(PERFORMER,      "person",               PERSON, EITHER, 0,    0,                  0)                         \
    X(PERFORMER,      "role",                 LINE,   MUST,   0,    128,                0)                         \
    X(PART,           "contribution",         ID,     MUST,   0,    0,                  0)                         \
    X(PART,           "place",                LINE,   MAY,    0,    200,                0)                         \
    X(PART,           "version",              ID,     MAY,    0,    0,                  0)                         \
    X(CREDIT,         "contribution",         ID,     MAY,    0,    0,                  0)                         \
    X(CREDIT,         "influence",            BOOL,   MAY,    0,    0,                  0)                         \
    X(CREDIT,         "name",                 LINE,   EITHER, 0,    128,                0)                         \
    X(CREDIT,         "note",                 LINE,   MAY,    0,    500,                0)                         \
    X(CREDIT,         "person",               PERSON, EITHER, 0,    0,                  0)                         \
    X(CREDIT,         "role",                 LINE,   MUST,   0,    128,                0)                         \
    X(OMITTED,        "person",               PERSON, MUST,   0,    0,                  0)                         \
    X(OMITTED,        "reason",               LINE,   MUST,   0,    500,                0)                         \
    X(PLACE,          "from_ms",              UINT,   MAY,    0,    RECORD_TIME_MAX_MS, 0)                         \
    X(PLACE,          "height",               UINT,   MAY,    0,    10000,              0)                         \
    X(PLACE,          "left",                 UINT,   MAY,    0,    10000,              0)                         \
    X(PLACE,          "page",                 UINT,   MAY,    0,    1000000,            0)                         \
    X(PLACE,          "top",                  UINT,   MAY,    0,    10000,              0)                         \
    X(PLACE,          "until_ms",             UINT,   MAY,    0,    RECORD_TIME_MAX_MS, 0)                         \
    X(PLACE,          "width",                UINT,   MAY,    0,    10000,              0)                         \
    X(EXPECTS,        "media_kind",           ENUM,   MUST,   0,    0,                  CHOICES_MEDIA_KIND)        \
    X(EXPECTS,        "min",                  UINT,   MUST,   0,    1000,               0)                         \
    X(SHARE,          "bp",                   UINT,   MUST,   0,    10000,              0)                         \
    X(SHARE,          "contributions",        ID,     MAY,    64,   0,                  0)                         \
    X(SHARE,          "group",                LINE,   MAY,    0,    128,                0)                         \
    X(SHARE,          "person",               PERSON, MUST,   0,    0,                  0)                         \
    X(SHARE,          "reason",               LINE,   MAY,    0,    500,                0)                         \
    X(AMOUNT,         "amount",               UINT,   MUST,   0,    MP_INT_MAX,         0)                         \
    X(AMOUNT,         "person",               PERSON, MUST,   0,    0,                  0)                         \
    X(KEEP,           "licence",              LINE,   MAY,    0,    64,                 0)                         \
    X(KEEP,           "title",                LINE,   MAY,    0,    200,                0)
/* clang-format on */

#endif
