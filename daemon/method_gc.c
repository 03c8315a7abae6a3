/* What nothing refers to. */
#include <stdlib.h>

#include "daemon/desk.h"
#include "daemon/gc.h"
#include "daemon/job.h"
#include "daemon/methods.h"
#include "daemon/pair.h"

enum { FINDINGS_TOLD = 1000 };

struct collecting {
    struct node *node;
    struct job *job;
    struct writer findings; /* encoded, without the array's head */
    uint32_t told;
    uint64_t count;
    uint64_t bytes;
};

static void on_found(void *context, const struct gc_finding *f)
{
    struct collecting *c = context;
    struct writer *w = &c->findings;

    c->count++;
    c->bytes += f->bytes;
    job_progress(c->job, c->bytes, 0);
    if (c->told == FINDINGS_TOLD)
        return;
    c->told++;
    mp_put_map(w, 5);
    pair_text(w, "what",
              f->what == GC_UNNAMED ? "unnamed"
              : f->what == GC_LEFT  ? "left part"
              : f->is_part          ? "stray part"
                                    : "stray file");
    pair_id(w, "root", f->blob.root);
    pair_uint(w, "size", f->blob.size);
    pair_id(w, "topic", f->what != GC_STRAY ? f->topic : NULL);
    pair_uint(w, "bytes", f->bytes);
}

static void on_collected(void *context, enum err e)
{
    struct collecting *c = context;
    struct writer w = writer_growing(CONTROL_MESSAGE_MAX);

    if (e != ERR_OK) {
        job_fail(c->job, e, NULL, NULL);
    } else {
        mp_put_map(&w, 3);
        pair_uint(&w, "count", c->count);
        pair_uint(&w, "freed_bytes", c->bytes);
        pair_array(&w, "findings", c->told);
        writer_bytes(&w, writer_view(&c->findings));
        job_done(c->job, writer_view(&w));
    }
    writer_free(&w);
    writer_free(&c->findings);
    free(c);
}

static void on_cancel(void *context)
{
    struct collecting *c = context;

    gc_cancel(node_gc(c->node));
}

void method_gc(struct call *call)
{
    struct node *node = call_node(call);
    struct collecting *c = calloc(1, sizeof *c);
    struct gc_watch watch = { on_found, on_collected, c,
                              mp_bool(call_param(call, "dry_run")) };
    enum err e;

    if (c == NULL) {
        call_fail(call, ERR_NO_MEMORY, NULL, NULL);
        return;
    }
    c->node = node;
    c->findings = writer_growing(CONTROL_MESSAGE_MAX / 2);
    c->job = job_start(desk_jobs(call_desk(call)), call, "bytes",
                       watch.dry ? "look for files that nothing refers to"
                                 : "collect files that nothing refers to");
    if (c->job == NULL) {
        writer_free(&c->findings);
        free(c);
        return;
    }
    job_on_cancel(c->job, on_cancel, c);
    e = gc_run(node_gc(node), &watch);
    if (e != ERR_OK) {
        job_fail(c->job, e, "another collection is under way",
                 "Wait for it: troupe job list");
        writer_free(&c->findings);
        free(c);
    }
}
