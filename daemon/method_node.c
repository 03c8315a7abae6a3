/* The node itself: hello, status, init, clock, config, jobs, the end. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/author.h"
#include "daemon/inbox.h"
#include "daemon/methods.h"
#include "daemon/pair.h"
#include "daemon/param.h"
#include "daemon/status.h"
#include "daemon/version.h"
#include "daemon/wait.h"
#include "proto/words.h"

void method_hello(struct call *call)
{
    struct node *node = call_node(call);
    struct writer *w = call_reply(call);

    mp_put_map(w, 5);
    pair_text(w, "version", TROUPE_VERSION);
    pair_text(w, "network", node_network(node)->name);
    pair_id(w, "node", node_keys(node)->sign.public_key);
    pair_bool(w, "test_clock", node_clock_is_test(node));
    pair_uint(w, "now_ms", node_clock_ms(node));
    call_send(call);
}

void method_status(struct call *call)
{
    status_put(call_desk(call), call_reply(call));
    call_send(call);
}

void method_clock_set(struct call *call)
{
    struct node *node = call_node(call);
    struct inbox *inbox = desk_inbox(call_desk(call));
    enum err e = ERR_USAGE;
    struct writer *w;

    if (mp_type(call_param(call, "now_ms")) == MP_UINT)
        e = node_clock_set(node, mp_uint(call_param(call, "now_ms")));
    if (e != ERR_OK) {
        call_fail(call, e,
                  e == ERR_REFUSED ? "this daemon has no test clock" : NULL,
                  "Start it with --test-clock on the network lab or test*.");
        return;
    }
    w = call_reply(call);
    mp_put_map(w, 1);
    pair_uint(w, "now_ms", node_clock_ms(node));
    call_send(call);
    inbox_check(inbox);
}

void method_config_check(struct call *call)
{
    struct config_finding finding = { .line = 0 };
    enum err e = node_config_check(call_node(call), &finding);
    struct writer *w = call_reply(call);

    mp_put_map(w, 1);
    pair_array(w, "findings", e == ERR_OK ? 0 : 1);
    if (e != ERR_OK) {
        mp_put_map(w, 2);
        pair_uint(w, "line", finding.line);
        pair_text(w, "text", finding.text);
    }
    call_send(call);
}

void method_shutdown(struct call *call)
{
    mp_put_map(call_reply(call), 0);
    call_send(call);
    node_ask_to_stop(call_node(call));
}

void method_wait(struct call *call)
{
    waits_add(desk_waits(call_desk(call)), call);
}

void method_events_open(struct call *call)
{
    event_log_watch(desk_events(call_desk(call)), call);
}

void method_job_list(struct call *call)
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 2);
    mp_put_text(w, "items");
    jobs_put(desk_jobs(call_desk(call)), w);
    pair_nil(w, "next");
    call_send(call);
}

void method_job_attach(struct call *call)
{
    jobs_attach(desk_jobs(call_desk(call)), call);
}

void method_job_cancel(struct call *call)
{
    jobs_cancel(desk_jobs(call_desk(call)), call);
}

/* --- init --- */

struct initing {
    uv_work_t work;
    struct call *call;
    struct network network;
    char home[HOME_PATH_MAX];
    enum keys_custody custody;
    uint8_t passphrase[1024];
    size_t passphrase_len;
    uint64_t now_ms;
    struct person_keys keys;
    char words[256];
    bool recovers; /* the person of `entropy`, not a new one */
    uint8_t entropy[ENTROPY_LEN];
    enum err err;
};

static void initing_free(struct initing *in)
{
    sodium_memzero(in, sizeof *in);
    free(in);
}

static void on_init_work(uv_work_t *work)
{
    struct initing *in = work->data;
    struct bytes passphrase = { in->passphrase, in->passphrase_len };

    if (in->recovers)
        in->err =
            keys_recover_person(&in->keys, in->entropy, in->home, &in->network,
                                in->custody, passphrase, in->now_ms);
    else
        in->err =
            keys_create_person(&in->keys, in->words, in->home, &in->network,
                               in->custody, passphrase, in->now_ms);
}

static void put_init(struct call *call, const char *warning)
{
    const char *words = call_data(call);
    struct node *node = call_node(call);
    const struct person_keys *person = node_person(node);
    struct writer *w = call_reply(call);

    mp_put_map(w, 5);
    pair_id(w, "person", person->person);
    pair_id(w, "device", person->device.public_key);
    pair_id(w, "node", node_keys(node)->sign.public_key);
    pair_text(w, "words", words);
    pair_array(w, "warnings", warning == NULL ? 0 : 1);
    if (warning != NULL)
        mp_put_text(w, warning);
    call_send(call);
}

static void on_profile(struct call *call, const uint8_t id[ID_LEN])
{
    (void)id;
    put_init(call, NULL);
}

/* The words are shown all the same: they would be lost for ever. */
static void on_profile_lost(struct call *call)
{
    put_init(call, "The profile could not be stored. Give your name again "
                   "with: troupe person edit --name NAME");
}

/* The person's profile, so that others see a name. */
static void publish_profile(struct call *call)
{
    struct author_fields fields;
    struct author_draft draft = { .kind = KIND_PROFILE,
                                  .listed = true,
                                  .on_lost = on_profile_lost };

    author_fields_init(&fields);
    author_fields_take(&fields, call, "name");
    draft.topic = node_person(call_node(call))->person;
    draft.fields = author_fields_map(&fields, call_param(call, "fields"));
    author_publish(call, &draft, on_profile);
    author_fields_wipe(&fields);
}

static void put_recovered(struct call *call)
{
    struct node *node = call_node(call);
    const struct person_keys *person = node_person(node);
    struct writer *w = call_reply(call);

    mp_put_map(w, 3);
    pair_id(w, "person", person->person);
    pair_id(w, "device", person->device.public_key);
    pair_id(w, "node", node_keys(node)->sign.public_key);
    call_send(call);
}

static void on_init_done(uv_work_t *work, int status)
{
    struct initing *in = work->data;
    struct call *call = in->call;

    (void)status;
    if (in->err == ERR_EXISTS) {
        call_fail(call, in->err, "there is a person on this machine already",
                  "See who with: troupe person show");
    } else if (in->err != ERR_OK) {
        call_fail(call, in->err, NULL, NULL);
    } else if (in->recovers) {
        node_set_person(call_node(call), &in->keys);
        put_recovered(call);
    } else if (call_client(call) == NULL) {
        /* Nobody waits for the words any more, so nobody may be this person. */
        keys_discard_person(in->home);
        call_fail(call, ERR_CANCELLED, NULL, NULL);
    } else {
        node_set_person(call_node(call), &in->keys);
        memcpy(call_data(call), in->words, sizeof in->words);
        publish_profile(call);
    }
    initing_free(in);
}

/* How the key is to be kept; false after the call has been failed. */
static bool custody_of(struct call *call, struct initing *in)
{
    struct bytes passphrase = mp_str(call_param(call, "passphrase"));
    bool paper = mp_bool(call_param(call, "paper"));
    bool open = mp_bool(call_param(call, "no_passphrase"));

    if ((passphrase.len > 0) + paper + open != 1 ||
        passphrase.len > sizeof in->passphrase) {
        call_fail(call, ERR_USAGE,
                  "say how the key of this person is kept here",
                  "Use one of --passphrase-file FILE, --paper (the words are "
                  "all) or --no-passphrase.");
        return false;
    }
    in->custody = paper ? KEYS_PAPER : open ? KEYS_OPEN : KEYS_SEALED;
    in->passphrase_len = passphrase.len;
    if (passphrase.len > 0)
        memcpy(in->passphrase, passphrase.data, passphrase.len);
    return true;
}

static void reply_node_only(struct call *call)
{
    struct writer *w = call_reply(call);

    mp_put_map(w, 1);
    pair_id(w, "node", node_keys(call_node(call))->sign.public_key);
    call_send(call);
}

/* The work of a call that makes keys; NULL after the call has been failed. */
static struct initing *initing_new(struct call *call)
{
    struct node *node = call_node(call);
    struct initing *in;

    if (node_person(node) != NULL) {
        call_fail(call, ERR_EXISTS, "there is a person on this machine already",
                  "See who with: troupe person show");
        return NULL;
    }
    in = calloc(1, sizeof *in);
    if (in == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return NULL;
    }
    if (!custody_of(call, in)) {
        initing_free(in);
        return NULL;
    }
    in->call = call;
    in->network = *node_network(node);
    in->now_ms = node_clock_ms(node);
    in->work.data = in;
    memcpy(in->home, node_home(node)->data, sizeof in->home);
    return in;
}

void method_person_recover(struct call *call)
{
    struct initing *in = initing_new(call);

    if (in == NULL)
        return;
    in->recovers = true;
    if (words_decode(in->entropy, mp_str(call_param(call, "words"))) !=
        ERR_OK) {
        initing_free(in);
        call_fail(call, ERR_BAD_WORDS, "these are not the 24 words of a person",
                  "Give all 24 in their order, as `troupe init` showed them.");
        return;
    }
    (void)uv_queue_work(node_loop(call_node(call)), &in->work, on_init_work,
                        on_init_done);
}

void method_init(struct call *call)
{
    struct bytes name = mp_str(call_param(call, "name"));
    struct initing *in;

    if (mp_bool(call_param(call, "node_only"))) {
        reply_node_only(call);
        return;
    }
    if (name.len == 0 || name.len > 128 || !mp_utf8_valid(name) ||
        !kind_is_line(name)) {
        call_fail(call, ERR_USAGE, "a person needs a name of one line",
                  "For example: troupe init --name \"Ada\"");
        return;
    }
    in = initing_new(call);
    if (in == NULL)
        return;
    call_set_data(call, call_alloc(call, sizeof in->words));
    if (call_data(call) == NULL) {
        initing_free(in);
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    (void)uv_queue_work(node_loop(call_node(call)), &in->work, on_init_work,
                        on_init_done);
}
