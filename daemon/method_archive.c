/* Archives and bundles, out and in. */
#include <stdio.h>
#include <string.h>

#include "daemon/archive.h"
#include "daemon/methods.h"
#include "daemon/param.h"
#include "daemon/param_topic.h"
#include "proto/kind.h"

/* An absolute path of the params; false after the call has failed. */
static bool path_of(struct call *call, const char *name,
                    char out[ARCHIVE_PATH_MAX])
{
    const char *path = call_text(call, name);

    if (path == NULL || path[0] != '/' || strlen(path) >= ARCHIVE_PATH_MAX) {
        call_failf(call, ERR_USAGE, "Give the path of a file.",
                   "%s is not an absolute path", name);
        return false;
    }
    memcpy(out, path, strlen(path) + 1);
    return true;
}

/* What of the params all exports have. */
static bool wish_of(struct call *call, struct archive_wish *wish,
                    const uint8_t topic[ID_LEN])
{
    wish->about.network = *node_network(call_node(call));
    memcpy(wish->about.topic, topic, ID_LEN);
    wish->is_stream = mp_bool(call_param(call, "stream"));
    return path_of(call, "out", wish->path);
}

void method_archive_export(struct call *call)
{
    struct archive_wish wish = { .torrent = "" };
    struct store_topic_size size;
    uint8_t topic[ID_LEN];
    enum err e;

    if (!param_topic(call, "project", topic) || !wish_of(call, &wish, topic))
        return;
    e = store_topic_size(node_store(call_node(call)), topic, &size);
    if (e == ERR_OK && size.count == 0)
        e = ERR_NOT_FOUND;
    if (e != ERR_OK)
        call_fail(call, e, "nothing of it is here",
                  "Follow it first: troupe project follow");
    else
        archive_export(call, &wish);
}

void method_archive_import(struct call *call)
{
    char path[ARCHIVE_PATH_MAX];

    if (path_of(call, "file", path))
        archive_import(call, path);
}

void method_release_bundle(struct call *call)
{
    struct archive_wish wish = { .torrent = "" };
    struct store_item item;

    if (!param_record_of(call, "release", PARAM_READS, KIND_RELEASE, &item) ||
        !wish_of(call, &wish, item.topic))
        return;
    wish.about.has_subject = true;
    memcpy(wish.about.subject, item.id, ID_LEN);
    if (param_is_given(call, "torrent") &&
        !path_of(call, "torrent", wish.torrent))
        return;
    archive_export(call, &wish);
}
