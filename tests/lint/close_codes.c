/*
 * Prints the rows of docs/protocol.md §4.6 from the list of errors; with a file
 * as argument, checks that they stand in it word for word.
 */
#include <stdio.h>
#include <string.h>

#include "proto/err.h"

static void row(char *out, size_t cap, enum err e)
{
    static const char *const blames[] = { [BLAME_NONE] = "none",
                                          [BLAME_PEER] = "peer",
                                          [BLAME_AUTHOR] = "author",
                                          [BLAME_NET] = "net",
                                          [BLAME_LOCAL] = "local" };

    (void)snprintf(out, cap, "| %d | %s | %s | %s |\n", (int)e, err_name(e),
                   blames[err_blame(e)], err_text(e));
}

int main(int argc, char **argv)
{
    static char text[1 << 20];
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    int missing = 0;

    if (file != NULL) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        (void)fclose(file);
    }
    for (int e = 0; e < ERR_COUNT; e++) {
        char line[256];

        row(line, sizeof line, (enum err)e);
        if (strstr(text, line) != NULL)
            continue;
        missing = argc == 2;
        fputs(line, stdout);
    }
    return missing;
}
