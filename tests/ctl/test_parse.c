/* The command line by the table of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "ctl/parse.h"
#include "ctl/run.h"
#include "ctl/value.h"

static struct ctl ctl;
static struct run run;

#define WORDS_MAX 32

/* Parses the words up to NULL; the caller wipes `run`. */
static bool parse(const char *const words[])
{
    int count = 0;

    while (words[count] != NULL)
        count++;
    run_init(&ctl);
    run = (struct run){ .ctl = &ctl };
    return parse_line(&run, count, words);
}
#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static int wipe(void **state)
{
    (void)state;
    parse_wipe(&run);
    return 0;
}

static void assert_params(const char *json)
{
    json_t *want = json_loads(json, 0, NULL);

    assert_non_null(want);
    assert_true(json_equal(run.params, want));
    json_decref(want);
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    assert_true(PARSE("--json", "request", "--home", "/h", "list", "-q",
                      "--kind", "image", "crown", "--open", "--timeout=5"));
    assert_string_equal(run.command->method, "request.list");
    assert_params("{\"kind\": \"image\", \"open\": true, \"text\": \"crown\"}");
    assert_true(ctl.globals.json);
    assert_true(ctl.globals.quiet);
    assert_string_equal(ctl.globals.home, "/h");
    assert_int_equal(ctl.globals.timeout_ms, 5000);
}

static void an_option_of_the_command_may_stand_before_it(void **state)
{
    (void)state;
    assert_true(PARSE("--title", "Crown", "project", "create"));
    assert_string_equal(run.command->method, "project.create");
    assert_params("{\"fields\": {\"title\": \"Crown\"}}");
}

static void fields_of_a_kind_are_options(void **state)
{
    (void)state;
    assert_true(PARSE("project", "create", "--medium", "song", "--tag", "a",
                      "--tag=b", "--house-share", "50%", "--need", "a drum",
                      "--deadline", "1970-01-02T00:00:00Z"));
    assert_params("{\"fields\": {\"medium\": \"song\", \"tags\": [\"a\", "
                  "\"b\"], \"needs\": [\"a drum\"], \"deadline\": 86400000, "
                  "\"terms\": {\"house_share_bp\": 5000}}}");
}

static void underscores_are_dashes(void **state)
{
    (void)state;
    assert_true(PARSE("contribute", "abcdef", "f", "--work_kind", "remix"));
    assert_string_equal(
        json_string_value(value_at(run.params, "fields.work_kind")), "remix");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_true(PARSE("comment", "abcdef", "--", "--json"));
    assert_params("{\"target\": \"abcdef\", \"text\": \"--json\"}");
    assert_false(ctl.globals.json);
}

static void files_become_absolute(void **state)
{
    const char *path;

    (void)state;
    assert_true(PARSE("get", "abcdef", "--out", "here"));
    path = run_text(run.params, "out");
    assert_true(path[0] == '/');
    assert_string_equal(strrchr(path, '/'), "/here");
}

static void credits_tell_people_from_names(void **state)
{
    (void)state;
    assert_true(PARSE("release", "publish", "--credit", "abcdef12=music",
                      "--credit", "Ann Other=voice", "--omit",
                      "99aabb=asked for it"));
    assert_params("{\"credits\": [{\"person\": \"abcdef12\", \"role\": "
                  "\"music\"}, {\"name\": \"Ann Other\", \"role\": "
                  "\"voice\"}], \"omitted\": [{\"person\": \"99aabb\", "
                  "\"reason\": \"asked for it\"}]}");
}

static void a_skill_has_a_level(void **state)
{
    (void)state;
    assert_true(PARSE("person", "edit", "--skill", "ink", "--skill",
                      "drawing:teaching"));
    assert_params("{\"fields\": {\"skills\": [{\"tag\": \"ink\", \"level\": "
                  "\"able\"}, {\"tag\": \"drawing\", \"level\": "
                  "\"teaching\"}]}}");
}

static void assert_usage(const char *part)
{
    assert_int_equal(ctl.fail.code, EXIT_CODE_USAGE);
    if (strstr(ctl.fail.text, part) == NULL)
        fail_msg("\"%s\" does not speak of \"%s\"", ctl.fail.text, part);
}

static void near_misses_are_named(void **state)
{
    (void)state;
    assert_false(PARSE("projct", "list"));
    assert_usage("did you mean \"project\"?");
    wipe(NULL);
    assert_false(PARSE("project", "crate"));
    assert_usage("did you mean \"project create\"?");
    wipe(NULL);
    assert_false(PARSE("project", "list", "--mnie"));
    assert_usage("did you mean \"--mine\"?");
    wipe(NULL);
    assert_false(PARSE("xylophone"));
    assert_usage("there is no command \"xylophone\"");
    assert_null(strstr(ctl.fail.text, "mean"));
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_false(PARSE("select", "abcdef"));
    assert_usage("shortlist|change_wanted|chosen|not_used_here is missing");
    wipe(NULL);
    assert_false(PARSE("request", "list", "--kind"));
    assert_usage("--kind needs a value");
    wipe(NULL);
    assert_false(PARSE("request"));
    assert_usage("needs to be told what to do");
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    assert_false(PARSE("credits", "abcdef", "more"));
    assert_usage("\"more\" is one word too many");
    wipe(NULL);
    assert_false(PARSE("request", "list", "--kind", "image", "--kind", "text"));
    assert_usage("given twice");
    wipe(NULL);
    assert_false(PARSE("request", "list", "--open=yes"));
    assert_usage("takes no value");
    wipe(NULL);
    assert_false(PARSE("status", "-x"));
    assert_usage("there is no option \"-x\"");
}

static void help_needs_nothing_else(void **state)
{
    (void)state;
    assert_true(PARSE("select", "--help"));
    assert_true(ctl.globals.help);
}

static void every_command_can_be_found_and_explained(void **state)
{
    const struct command *c;

    (void)state;
    for (size_t i = 0; (c = command_at(i)) != NULL; i++) {
        struct command_options all;

        assert_ptr_equal(command_find(c->noun, c->verb), c);
        assert_non_null(c->help);
        assert_true(c->method != NULL || c->run != NULL);
        command_options(&all, c);
        assert_true(all.count < COMMAND_OPTIONS_MAX - 8);
        for (size_t n = 0; n < all.count; n++)
            for (size_t m = 0; m < n; m++)
                assert_string_not_equal(all.at[n].name, all.at[m].name);
        for (size_t n = 0; n < all.count; n++)
            assert_true(all.at[n].type == OPTION_FLAG ||
                        all.at[n].value != NULL);
    }
}

static void distance_counts_edits(void **state)
{
    (void)state;
    assert_int_equal(parse_distance("", ""), 0);
    assert_int_equal(parse_distance("", "abc"), 3);
    assert_int_equal(parse_distance("abc", ""), 3);
    assert_int_equal(parse_distance("kind", "kind"), 0);
    assert_int_equal(parse_distance("knid", "kind"), 1);
    assert_int_equal(parse_distance("kitten", "sitting"), 3);
}

#define TEST(name) cmocka_unit_test_teardown(name, wipe)

static void assert_option(const char *noun, const char *verb, const char *field,
                          const char *option)
{
    char out[64] = "";

    assert_true(
        command_option_of(out, sizeof out, command_find(noun, verb), field));
    assert_string_equal(out, option);
}

static void a_field_is_known_by_its_option(void **state)
{
    char out[64];

    (void)state;
    assert_option("request", "publish", "media_kinds", "--kind");
    assert_option("request", "publish", "title", "--title");
    assert_option("project", "create", "pay", "--pay");
    assert_option("project", "create", "tags", "--tag");
    assert_option("select", NULL, "contribution", "CONTRIBUTION");
    assert_false(command_option_of(out, sizeof out,
                                   command_find("request", "publish"), "nix"));
}

static void a_global_option_without_its_value_is_named(void **state)
{
    (void)state;
    assert_false(PARSE("--home"));
    assert_int_equal(ctl.fail.code, EXIT_CODE_USAGE);
    assert_string_equal(ctl.fail.text, "--home needs a value: DIR");
    parse_wipe(&run);
    assert_false(PARSE("-x"));
    assert_string_equal(ctl.fail.text, "there is no option \"-x\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_stand_anywhere),
        TEST(an_option_of_the_command_may_stand_before_it),
        TEST(fields_of_a_kind_are_options),
        TEST(underscores_are_dashes),
        TEST(two_dashes_end_the_options),
        TEST(files_become_absolute),
        TEST(credits_tell_people_from_names),
        TEST(a_skill_has_a_level),
        TEST(near_misses_are_named),
        TEST(what_is_missing_is_named),
        TEST(what_is_too_much_is_refused),
        TEST(help_needs_nothing_else),
        TEST(a_global_option_without_its_value_is_named),
        cmocka_unit_test(a_field_is_known_by_its_option),
        cmocka_unit_test(every_command_can_be_found_and_explained),
        cmocka_unit_test(distance_counts_edits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
