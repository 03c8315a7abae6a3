/* Media types by content; the only file that knows libmagic. */
#include "daemon/media.h"

#include <magic.h>
#include <stdio.h>
#include <string.h>

#include "proto/kind.h"

void media_type_of(char out[MEDIA_TYPE_MAX], const char *path)
{
    magic_t magic = magic_open(MAGIC_MIME_TYPE | MAGIC_SYMLINK);
    const char *type = NULL;

    if (magic != NULL && magic_load(magic, NULL) == 0)
        type = magic_file(magic, path);
    if (type == NULL || strlen(type) >= MEDIA_TYPE_MAX ||
        strchr(type, '/') == NULL)
        type = "application/octet-stream";
    (void)snprintf(out, MEDIA_TYPE_MAX, "%s", type);
    if (magic != NULL)
        magic_close(magic);
}

uint64_t media_kind_of(const char *type)
{
    static const struct {
        const char *prefix;
        uint64_t kind;
    } rows[] = {
        { "video/", MEDIA_KIND_VIDEO },
        { "audio/", MEDIA_KIND_AUDIO },
        { "application/ogg", MEDIA_KIND_AUDIO },
        { "image/", MEDIA_KIND_IMAGE },
        { "text/", MEDIA_KIND_TEXT },
        { "application/pdf", MEDIA_KIND_DOCUMENT },
        { "application/epub", MEDIA_KIND_DOCUMENT },
        { "application/vnd.oasis", MEDIA_KIND_DOCUMENT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strncmp(type, rows[i].prefix, strlen(rows[i].prefix)) == 0)
            return rows[i].kind;
    return MEDIA_KIND_OTHER;
}
