/* Money in whole minor units: text, pools, and sharing out without a rest. */
#include "proto/money.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/money_list.h"

#define CODE_LEN 3

bool money_is_code(struct bytes code)
{
    if (code.len != CODE_LEN)
        return false;
    for (size_t i = 0; i < CODE_LEN; i++)
        if (code.data[i] < 'A' || code.data[i] > 'Z')
            return false;
    return true;
}

static int by_code(const void *key, const void *row)
{
    return memcmp(key, ((const struct money_currency *)row)->code, CODE_LEN);
}

enum err money_decimals(unsigned *out, struct bytes code)
{
    const struct money_currency *row;

    if (!money_is_code(code))
        return ERR_NOT_FOUND;
    row = bsearch(code.data, money_list, sizeof money_list / sizeof *money_list,
                  sizeof *money_list, by_code);
    if (row == NULL)
        return ERR_NOT_FOUND;
    *out = row->decimals;
    return ERR_OK;
}

/* ---- text ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static enum err add_digit(uint64_t *amount, uint8_t digit)
{
    uint64_t d = (uint64_t)(digit - '0');

    if (*amount > (MP_INT_MAX - d) / 10)
        return ERR_TOO_LARGE;
    *amount = *amount * 10 + d;
    return ERR_OK;
}

/*
 * The digits before the point.  With commas each group but the first has three
 * of them, so that "1,00" of those who write a comma for the point is refused.
 */
static enum err parse_whole(uint64_t *amount, struct bytes text)
{
    const uint8_t *comma = memchr(text.data, ',', text.len);
    size_t first = comma == NULL ? text.len : (size_t)(comma - text.data);
    enum err err = ERR_OK;

    if (first == 0 ||
        (comma != NULL && (first > 3 || (text.len - first) % 4 != 0)))
        return ERR_MALFORMED;
    for (size_t i = 0; err == ERR_OK && i < text.len; i++) {
        bool is_comma = i >= first && (i - first) % 4 == 0;

        if (is_comma ? text.data[i] != ',' : !is_digit(text.data[i]))
            return ERR_MALFORMED;
        if (!is_comma)
            err = add_digit(amount, text.data[i]);
    }
    return err;
}

enum err money_parse(uint64_t *out, struct bytes text, unsigned decimals)
{
    const uint8_t *point =
        text.len == 0 ? NULL : memchr(text.data, '.', text.len);
    struct bytes whole = text;
    struct bytes rest = { NULL, 0 };
    uint64_t amount = 0;
    enum err err;

    if (point != NULL) {
        whole.len = (size_t)(point - text.data);
        rest = (struct bytes){ point + 1, text.len - whole.len - 1 };
    }
    if (whole.len == 0 || rest.len > decimals ||
        (point != NULL && rest.len == 0))
        return ERR_MALFORMED;
    err = parse_whole(&amount, whole);
    for (size_t i = 0; err == ERR_OK && i < decimals; i++) {
        if (i < rest.len && !is_digit(rest.data[i]))
            return ERR_MALFORMED;
        err = add_digit(&amount, i < rest.len ? rest.data[i] : '0');
    }
    if (err == ERR_OK)
        *out = amount;
    return err;
}

/* Digits from the last on, with the point and the commas where they belong. */
static size_t put_digits(char out[MONEY_TEXT_MAX], uint64_t minor,
                         unsigned decimals, bool grouped)
{
    char back[MONEY_TEXT_MAX];
    size_t len = 0;
    unsigned whole = 0;

    for (unsigned i = 0; i <= decimals || minor > 0; i++) {
        if (i == decimals && i > 0)
            back[len++] = '.';
        if (i >= decimals && grouped && whole > 0 && whole % 3 == 0)
            back[len++] = ',';
        if (i >= decimals)
            whole++;
        back[len++] = (char)('0' + minor % 10);
        minor /= 10;
    }
    for (size_t i = 0; i < len; i++)
        out[i] = back[len - 1 - i];
    return len;
}

void money_format(char out[MONEY_TEXT_MAX], uint64_t minor, struct bytes code)
{
    static const char unknown[] = " (minor)";
    unsigned decimals = 0;
    bool known = money_decimals(&decimals, code) == ERR_OK;
    size_t len;

    assert(minor <= MP_INT_MAX);
    len = put_digits(out, minor, decimals, known);
    if (money_is_code(code)) {
        out[len++] = ' ';
        memcpy(out + len, code.data, CODE_LEN);
        len += CODE_LEN;
    }
    if (!known) {
        memcpy(out + len, unknown, sizeof unknown - 1);
        len += sizeof unknown - 1;
    }
    out[len] = '\0';
}

/* ---- sharing ---- */

uint64_t money_part_of(uint64_t amount, uint32_t part, uint32_t whole)
{
    assert(amount <= MP_INT_MAX && whole > 0 && part <= whole);
    /* amount = q * whole + r: the first product is at most `amount`. */
    return amount / whole * part + amount % whole * part / whole;
}

uint64_t money_pool(uint64_t gross, uint64_t costs, uint32_t house_bp)
{
    uint64_t net = costs < gross ? gross - costs : 0;

    assert(house_bp <= MONEY_BP_ALL);
    return net - money_part_of(net, house_bp, MONEY_BP_ALL);
}

static int by_remainder(const void *a, const void *b)
{
    const struct money_share *one = a;
    const struct money_share *other = b;

    if (one->remainder != other->remainder)
        return one->remainder > other->remainder ? -1 : 1;
    return memcmp(one->person, other->person, ID_LEN);
}

void money_apportion(struct money_share *shares, uint32_t count, uint64_t pool)
{
    uint64_t weights = 0;
    uint64_t left = pool;
    uint32_t whole;

    assert(pool <= MP_INT_MAX);
    for (uint32_t i = 0; i < count; i++)
        weights += shares[i].weight;
    assert(weights > 0 && weights <= UINT32_MAX);
    whole = (uint32_t)weights;
    for (uint32_t i = 0; i < count; i++) {
        struct money_share *s = &shares[i];

        s->amount = money_part_of(pool, s->weight, whole);
        s->remainder = (uint32_t)(pool % whole * s->weight % whole);
        left -= s->amount;
    }
    assert(left < count || left == 0); /* each lost less than a unit */
    qsort(shares, count, sizeof *shares, by_remainder);
    for (uint32_t i = 0; i < left; i++)
        shares[i].amount++;
}
