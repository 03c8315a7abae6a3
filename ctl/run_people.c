/* Beginning: a person, peers, an invitation. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/render.h"
#include "ctl/run.h"
#include "ctl/service.h"
#include "ctl/text.h"
#include "ctl/value.h"

#define PASSPHRASE_MAX 1024
/* Much more than 24 words, however they are spaced. */
#define WORDS_FILE_MAX 4096

/* One line from the terminal, unseen; without its end. */
static bool ask_secret(char out[PASSPHRASE_MAX], const char *question)
{
    struct termios was;
    struct termios unseen;
    bool ok;

    if (tcgetattr(STDIN_FILENO, &was) != 0)
        return false;
    unseen = was;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    (void)fprintf(stderr, "%s ", question);
    (void)fflush(stderr);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
    ok = fgets(out, PASSPHRASE_MAX, stdin) != NULL;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    (void)fputc('\n', stderr);
    if (ok)
        out[strcspn(out, "\r\n")] = '\0';
    return ok;
}

static bool put_passphrase(struct run *run, const char *passphrase)
{
    json_t *v = json_string(passphrase);

    if (v == NULL)
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE, NULL,
                        "the passphrase is not valid UTF-8");
    return json_object_set_new(run->params, "passphrase", v) == 0;
}

static bool ask_passphrase(struct run *run)
{
    char first[PASSPHRASE_MAX] = { 0 };
    char second[PASSPHRASE_MAX] = { 0 };
    bool ok = ask_secret(first, "Passphrase for your key (empty: keep it on "
                                "paper only):");

    if (ok && first[0] == '\0')
        ok = json_object_set_new(run->params, "paper", json_true()) == 0;
    else if (ok && ask_secret(second, "Once more:") &&
             strcmp(first, second) == 0)
        ok = put_passphrase(run, first);
    else
        ok = fail_set(&run->ctl->fail, EXIT_CODE_KEY, "try again",
                      "the passphrases differ");
    explicit_bzero(first, sizeof first);
    explicit_bzero(second, sizeof second);
    return ok;
}

static bool read_passphrase(struct run *run, const char *path)
{
    size_t len;
    char *text =
        value_read_file(&run->ctl->fail, path, PASSPHRASE_MAX - 1, &len);
    bool ok;

    if (text == NULL)
        return false;
    text[strcspn(text, "\r\n")] = '\0';
    ok = text[0] != '\0' ? put_passphrase(run, text)
                         : fail_set(&run->ctl->fail, EXIT_CODE_KEY, NULL,
                                    "%s holds no passphrase", path);
    explicit_bzero(text, len);
    free(text);
    return ok;
}

/* How the key is kept: as said, as asked, or nowhere but in the words. */
static bool decide_key(struct run *run)
{
    const char *file = run_text(run->local, "passphrase_file");

    if (json_is_true(json_object_get(run->params, "paper")) ||
        json_is_true(json_object_get(run->params, "no_passphrase")))
        return true;
    if (file != NULL)
        return read_passphrase(run, file);
    if (run_may_ask(run->ctl))
        return ask_passphrase(run);
    render_note(run->ctl, "the key is kept nowhere but in the 24 words");
    return json_object_set_new(run->params, "paper", json_true()) == 0;
}

/* A file that nobody else can read, and that was not there before. */
static int create_words_file(struct fail *f, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        (void)fail_errno(f, "cannot make the file %s for the words", path);
    return fd;
}

/* On disk before they are forgotten here. */
static bool write_words(struct run *run, int fd, const char *path)
{
    const char *words = run_text(run->result, "words");
    bool ok = words != NULL && dprintf(fd, "%s\n", words) > 0 && fsync(fd) == 0;

    if (ok)
        return json_object_del(run->result, "words") == 0;
    return fail_errno(&run->ctl->fail,
                      "cannot write the words to %s: they are shown instead",
                      path);
}

static bool make_person(struct run *run)
{
    const char *path = run_text(run->local, "words_out");
    int fd = path == NULL ? -1 : create_words_file(&run->ctl->fail, path);
    bool ok;

    if (path != NULL && fd < 0)
        return false;
    run->result = run_call(run->ctl, "init", run->params);
    ok = run->result != NULL;
    if (fd >= 0 && !ok)
        (void)unlink(path);
    if (fd >= 0 && ok)
        ok = write_words(run, fd, path);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

bool run_person_recover(struct run *run)
{
    size_t len;
    char *words =
        value_read_file(&run->ctl->fail, run_text(run->local, "words_file"),
                        WORDS_FILE_MAX, &len);
    bool ok = words != NULL;

    if (ok &&
        json_object_set_new(run->params, "words", json_string(words)) != 0)
        ok = fail_set(&run->ctl->fail, EXIT_CODE_KEY, NULL,
                      "the words are not text");
    if (words != NULL) {
        explicit_bzero(words, len);
        free(words);
    }
    if (!ok || !decide_key(run) || !service_start_home(run->ctl))
        return false;
    run->result = run_call(run->ctl, "person.recover", run->params);
    return run->result != NULL;
}

bool run_init_person(struct run *run)
{
    if (json_is_true(json_object_get(run->params, "node_only"))) {
        if (!service_start_home(run->ctl))
            return false;
        run->result = run_call(run->ctl, "init", run->params);
        return run->result != NULL;
    }
    if (run_text(run->params, "name") == NULL)
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                        "`troupe init --name \"Your Name\"`, or "
                        "`troupe init --node-only` for an archivist",
                        "a person needs a name");
    return decide_key(run) && service_start_home(run->ctl) && make_person(run);
}

bool run_peer_add(struct run *run)
{
    const char *text = run_text(run->local, "peer");
    const char *sign = strchr(text, '@');
    json_t *params;

    if (sign == NULL || sign - text != 2 * KEY_LEN || sign[1] == '\0')
        return fail_set(&run->ctl->fail, EXIT_CODE_USAGE,
                        "the other's `troupe status` shows node and address",
                        "\"%s\" is not NODE@HOST:PORT", text);
    params = json_pack("{s:s%,s:s}", "node", text, (size_t)(sign - text),
                       "address", sign + 1);
    run->result = run_call(run->ctl, "peer.add", params);
    json_decref(params);
    return run->result != NULL;
}

static void put_line(const char *label, const char *text)
{
    if (text == NULL)
        return;
    (void)fprintf(stderr, "%-9s", label);
    text_put(stderr, text);
    (void)fputc('\n', stderr);
}

/* Whoever made the invite: by name, else by the device that signed it. */
static void put_inviter(const json_t *invite)
{
    const char *name = run_text(invite, "name");
    const char *signer = run_text(invite, "signer");
    char text[64];

    if (name == NULL || name[0] == '\0') {
        (void)snprintf(text, sizeof text, "an invite by device %.8s\u2026",
                       signer == NULL ? "" : signer);
        name = text;
    }
    put_line("from", name);
}

/* What the link leads to, before anything is done. */
static void put_invite(const json_t *invite)
{
    const char *title = run_text(invite, "title");
    bool titled = title != NULL && title[0] != '\0';

    put_inviter(invite);
    put_line("network", run_text(invite, "network"));
    put_line("project", titled ? title : run_text(invite, "topic"));
}

/* Nobody has been reached yet: what begins now, and how one sees it. */
static void put_joined(const struct ctl *ctl, const json_t *invite)
{
    const json_t *nodes = json_object_get(invite, "nodes");
    const char *topic = run_text(invite, "topic");
    const char *at = run_text(json_array_get(nodes, 0), "address");

    if (topic == NULL)
        render_note(ctl,
                    "connecting to %s; `troupe peer list` shows how it goes",
                    at == NULL ? "its nodes" : at);
    else
        render_note(ctl,
                    "following %.16s from now on; connecting to %s\n"
                    "next: `troupe wait caught-up:%.16s`, then "
                    "`troupe project show %.16s`",
                    topic, at == NULL ? "its nodes" : at, topic, topic);
}

bool run_join(struct run *run)
{
    struct ctl *ctl = run->ctl;
    json_t *invite = run_call(ctl, "invite.show", run->params);

    if (invite == NULL)
        return false;
    if (!ctl->globals.quiet)
        put_invite(invite);
    json_decref(invite);
    if (!run_flag(run, "yes") && run_may_ask(ctl) && !run_ask("Join?"))
        return fail_set(&ctl->fail, EXIT_CODE_CONFIRM, NULL, "not joined");
    run->result = run_call(ctl, "invite.accept", run->params);
    if (run->result == NULL)
        return false;
    if (!ctl->globals.json)
        put_joined(ctl, run->result);
    return true;
}
