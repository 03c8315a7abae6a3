/* Projects, roles and vouches. */
#include "ctl/command_rows.h"
#include "ctl/commands.h"

/* clang-format off */

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

static const struct option project_unfollow[] = {
    NEEDS("project", "PROJECT", "its id"),
    { "last-copy", OPTION_FLAG, 0, NULL, NULL, "also what no other node has proved to hold" },
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

static const struct option edit[] = {
    NEEDS("record", "RECORD", "any version of it"),
    { "fields", OPTION_JSON_FILE, 0, "fields", "FILE.json", "fields from a JSON file" },
    { "listed", OPTION_FLAG, 0, NULL, NULL, "put it on the call board" },
    END };

static const struct command rows[] = {
    { .noun = "project", .verb = "create", .method = "project.create", .options = project_create, .kind = "project", .run = run_project_create, .said = "the project is created; ask for something: `troupe request publish`",
      .help = "start a project that you lead",
      .example = "troupe project create --title \"The Crowned Cat\" --goal \"A short film\" --medium short_film --licence CC-BY-SA-4.0" },
    { .noun = "project", .verb = "list", .method = "project.list", .options = project_list, .flags = COMMAND_LIST, .columns = "title medium stage requests_open leader id",
      .help = "projects known here" },
    { .noun = "project", .verb = "show", .method = "project.show", .options = project, .show = render_project,
      .help = "a project, its terms and its requests" },
    { .noun = "project", .verb = "follow", .method = "project.follow", .options = project, .said = "followed: its records are held here from now on",
      .help = "hold a project's records and previews" },
    { .noun = "project", .verb = "unfollow", .method = "project.unfollow", .options = project_unfollow, .said = "no longer followed",
      .help = "stop to hold a project",
      .more = "Its files go from this disk but for those that were taken in here. What may be the last copy goes only with --last-copy." },
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
};
/* clang-format on */

const struct commands commands_project = { rows, sizeof rows / sizeof rows[0] };
