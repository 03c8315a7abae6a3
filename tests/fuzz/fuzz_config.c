/* Any bytes as troupe.conf: a finding always says what is wrong. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, const char *key, const char *before,
                   const char *after, bool restart)
{
    (void)context;
    (void)restart;
    assert(key[0] != '\0' && before != after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config usual; /* large */
    static struct config config;
    struct config_finding finding = { 0 };

    if (config_parse(&config, &finding, (struct bytes){ data, size }) !=
        ERR_OK) {
        assert(finding.text[0] != '\0');
        return 0;
    }
    config_default(&usual);
    config_each_difference(&usual, &config, ignore, NULL);
    return 0;
}
