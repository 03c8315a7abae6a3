/* Media types by content and by name; the only file that knows libmagic. */
#include "daemon/media.h"

#include <magic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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

const char *media_type_of_name(const char *name)
{
    static const struct {
        const char *ending;
        const char *type;
    } rows[] = {
        { "aif", "audio/x-aiff" },
        { "aiff", "audio/x-aiff" },
        { "avi", "video/x-msvideo" },
        { "bmp", "image/bmp" },
        { "csv", "text/csv" },
        { "epub", "application/epub+zip" },
        { "exr", "image/x-exr" },
        { "flac", "audio/flac" },
        { "gif", "image/gif" },
        { "htm", "text/html" },
        { "html", "text/html" },
        { "jpeg", "image/jpeg" },
        { "jpg", "image/jpeg" },
        { "json", "application/json" },
        { "m4a", "audio/x-m4a" },
        { "md", "text/markdown" },
        { "mid", "audio/midi" },
        { "mkv", "video/x-matroska" },
        { "mov", "video/quicktime" },
        { "mp3", "audio/mpeg" },
        { "mp4", "video/mp4" },
        { "odt", "application/vnd.oasis.opendocument.text" },
        { "oga", "audio/ogg" },
        { "ogg", "application/ogg" },
        { "ogv", "video/ogg" },
        { "opus", "audio/ogg" },
        { "otf", "font/otf" },
        { "pdf", "application/pdf" },
        { "png", "image/png" },
        { "psd", "image/vnd.adobe.photoshop" },
        { "svg", "image/svg+xml" },
        { "tif", "image/tiff" },
        { "tiff", "image/tiff" },
        { "ttf", "font/ttf" },
        { "txt", "text/plain" },
        { "wav", "audio/x-wav" },
        { "webm", "video/webm" },
        { "webp", "image/webp" },
        { "woff2", "font/woff2" },
        { "xml", "text/xml" },
        { "zip", "application/zip" },
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof rows / sizeof *rows; i++)
        if (strcasecmp(dot + 1, rows[i].ending) == 0)
            return rows[i].type;
    return "application/octet-stream";
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
