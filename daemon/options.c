#include "daemon/options.h"

#include <getopt.h>

enum option_code {
    OPTION_HOME = 256,
    OPTION_LISTEN,
    OPTION_NETWORK,
    OPTION_NO_LAN,
    OPTION_NO_PORTMAP,
    OPTION_NO_MEET,
    OPTION_TEST_CLOCK,
    OPTION_CHECK_CONFIG,
    OPTION_LOG_LEVEL,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option long_options[] = {
    { "home", required_argument, NULL, OPTION_HOME },
    { "listen", required_argument, NULL, OPTION_LISTEN },
    { "network", required_argument, NULL, OPTION_NETWORK },
    { "no-lan", no_argument, NULL, OPTION_NO_LAN },
    { "no-portmap", no_argument, NULL, OPTION_NO_PORTMAP },
    { "no-meet", no_argument, NULL, OPTION_NO_MEET },
    { "test-clock", no_argument, NULL, OPTION_TEST_CLOCK },
    { "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
    { "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
    { "help", no_argument, NULL, OPTION_HELP },
    { "version", no_argument, NULL, OPTION_VERSION },
    { NULL, 0, NULL, 0 },
};

static enum err take(struct options *o, int code, const char *name,
                     FILE *complaints)
{
    switch (code) {
    case OPTION_HOME:
        o->home = optarg;
        return ERR_OK;
    case OPTION_LISTEN:
        if (o->listen_count == OPTIONS_LISTEN_MAX) {
            (void)fprintf(complaints, "trouped: at most %d --listen\n",
                          OPTIONS_LISTEN_MAX);
            return ERR_USAGE;
        }
        o->listen[o->listen_count++] = optarg;
        return ERR_OK;
    case OPTION_NETWORK:
        o->network = optarg;
        return ERR_OK;
    case OPTION_NO_LAN:
        o->no_lan = true;
        return ERR_OK;
    case OPTION_NO_PORTMAP:
        o->no_portmap = true;
        return ERR_OK;
    case OPTION_NO_MEET:
        o->no_meet = true;
        return ERR_OK;
    case OPTION_TEST_CLOCK:
        o->test_clock = true;
        return ERR_OK;
    case OPTION_CHECK_CONFIG:
        o->check_config = true;
        return ERR_OK;
    case OPTION_LOG_LEVEL:
        o->log_level = optarg;
        return ERR_OK;
    case OPTION_HELP:
        o->help = true;
        return ERR_OK;
    case OPTION_VERSION:
        o->version = true;
        return ERR_OK;
    case ':':
        (void)fprintf(complaints, "trouped: %s needs a value\n", name);
        return ERR_USAGE;
    default:
        (void)fprintf(complaints,
                      "trouped: unknown option %s; see trouped --help\n", name);
        return ERR_USAGE;
    }
}

enum err options_parse(struct options *out, int argc, char **argv,
                       FILE *complaints)
{
    struct options o = { 0 };
    int code;

    optind = 0; /* glibc: begin anew, whatever was parsed before */
    opterr = 0;
    for (;;) { /* ends with argv */
        int at = optind == 0 ? 1 : optind;
        enum err e;

        code = getopt_long(argc, argv, "+:", long_options, NULL);
        if (code == -1)
            break;
        e = take(&o, code, argv[at], complaints);
        if (e != ERR_OK)
            return e;
    }
    if (optind < argc) {
        (void)fprintf(complaints, "trouped: %s is not an option\n",
                      argv[optind]);
        return ERR_USAGE;
    }
    *out = o;
    return ERR_OK;
}

void options_print_help(FILE *to)
{
    (void)fputs(
        "usage: trouped [OPTION]...\n"
        "\n"
        "The daemon of Troupe, in the foreground: it logs to stderr and "
        "prints\n"
        "`ready` on stdout when its control socket answers.\n"
        "\n"
        "  --home DIR           keep config, data and socket below DIR\n"
        "  --listen HOST:PORT   listen here instead of on port 7433; may be\n"
        "                       repeated; port 0 picks a free one\n"
        "  --network NAME       the network to join (default: lab)\n"
        "  --no-lan             do not look for peers on the local network\n"
        "  --no-portmap         do not ask the router to map a port\n"
        "  --no-meet            connect to no node that others tell of\n"
        "  --test-clock         let `troupe clock set` move the clock\n"
        "  --check-config       say what is wrong with troupe.conf, and end: "
        "with 2\n"
        "                       if anything is\n"
        "  --log-level LEVEL    error, warn, info or debug\n"
        "  --help, --version\n",
        to);
}
