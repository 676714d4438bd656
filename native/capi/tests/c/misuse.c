/*
 * What a program may do wrong: NULL, the wrong order, buffers too small, bytes from elsewhere. Every
 * call says what is wrong, and the context goes on working.
 */
#include "require.h"

#include <onmon.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIVES(status, call) REQUIRE((call) == ONMON_STATUS_##status)

enum { RATE_HZ = 8000, SECONDS = 20, COUNT = RATE_HZ * SECONDS };

/* Notes that change every 150 ms, as squares of which no two seeds have the same. */
static int16_t *song(unsigned seed)
{
    int16_t *samples = malloc(COUNT * sizeof *samples);
    unsigned state = seed * 2654435761u | 1u, period = 20;
    REQUIRE(samples != NULL);
    for (int i = 0; i < COUNT; i++) {
        if (i % (RATE_HZ * 3 / 20) == 0) {
            state = state * 1664525u + 1013904223u;
            period = 4 + (state >> 16) % 28;
        }
        samples[i] = (int16_t)((unsigned)i / (period / 2) % 2 ? 6000 : -6000);
    }
    return samples;
}

static void null_is_refused(OnmonContext *context)
{
    uint8_t byte = 0;
    size_t length = 0;
    OnmonMatch match;
    onmon_free(NULL);
    GIVES(NULL_POINTER, onmon_start(NULL, RATE_HZ, 1));
    GIVES(NULL_POINTER, onmon_feed(NULL, NULL, 0));
    GIVES(NULL_POINTER, onmon_feed(context, NULL, 1));
    GIVES(NULL_POINTER, onmon_feed_float(context, NULL, 1));
    GIVES(NULL_POINTER, onmon_finish(NULL));
    GIVES(NULL_POINTER, onmon_get_fingerprint(NULL, &byte, 1, &length));
    GIVES(NULL_POINTER, onmon_get_reference(NULL, &byte, 1, &length));
    GIVES(NULL_POINTER, onmon_get_codes(NULL, &byte, 1, &length));
    GIVES(NULL_POINTER, onmon_compare(NULL, 4, &byte, 1, &match));
}

static void the_order_is_kept(OnmonContext *context, const int16_t *samples)
{
    uint8_t buffer[ONMON_FINGERPRINT_BYTES_MAX];
    size_t length = 0;
    GIVES(NOT_STARTED, onmon_feed(context, samples, 1));
    GIVES(NOT_STARTED, onmon_finish(context));
    GIVES(UNSUPPORTED_RATE, onmon_start(context, 12345, 1));
    GIVES(UNSUPPORTED_CHANNELS, onmon_start(context, RATE_HZ, 0));
    GIVES(UNSUPPORTED_CHANNELS, onmon_start(context, RATE_HZ, 65537));
    GIVES(OK, onmon_start(context, RATE_HZ, 1));
    GIVES(OK, onmon_feed(context, NULL, 0));
    GIVES(OK, onmon_feed(context, samples, RATE_HZ * 2));
    GIVES(NOT_FINISHED, onmon_get_fingerprint(context, buffer, sizeof buffer, &length));
    GIVES(OK, onmon_finish(context));
    GIVES(FINISHED, onmon_feed(context, samples, 1));
    GIVES(TOO_SHORT, onmon_get_fingerprint(context, buffer, sizeof buffer, &length));
    GIVES(TOO_SHORT, onmon_get_reference(context, buffer, sizeof buffer, &length));
    GIVES(NULL_POINTER, onmon_get_codes(context, buffer, sizeof buffer, NULL));
    GIVES(NULL_POINTER, onmon_get_codes(context, NULL, sizeof buffer, &length));
    GIVES(OK, onmon_start(context, RATE_HZ, 1));
    GIVES(OK, onmon_finish(context));
    GIVES(OK, onmon_get_codes(context, NULL, 0, &length));
    GIVES(TOO_SHORT, onmon_get_fingerprint(context, buffer, sizeof buffer, &length));
    GIVES(TOO_SHORT, onmon_get_reference(context, buffer, sizeof buffer, &length));
    GIVES(INVALID_POINTER, onmon_feed_float(context, (const float *)(const void *)&buffer, (size_t)-1));
}

static size_t fingerprint(OnmonContext *context, const int16_t *samples, int from, int count,
                          int is_reference, uint8_t *buffer, size_t capacity)
{
    size_t length = 0, needed = 0;
    GIVES(OK, onmon_start(context, RATE_HZ, 1));
    GIVES(OK, onmon_feed(context, samples + from, (size_t)count));
    GIVES(OK, onmon_finish(context));
    if (is_reference) {
        GIVES(BUFFER_TOO_SMALL, onmon_get_reference(context, NULL, 0, &needed));
        GIVES(OK, onmon_get_reference(context, buffer, capacity, &length));
    } else {
        GIVES(BUFFER_TOO_SMALL, onmon_get_fingerprint(context, buffer, 3, &needed));
        GIVES(OK, onmon_get_fingerprint(context, buffer, capacity, &length));
    }
    REQUIRE(length == needed && length > 0);
    return length;
}

static void two_fingerprints_compare(OnmonContext *context, const int16_t *samples)
{
    uint8_t query[ONMON_FINGERPRINT_BYTES_MAX], reference[ONMON_FINGERPRINT_BYTES_MAX];
    OnmonMatch match;
    int16_t *other = song(2);
    int from = RATE_HZ * 4, count = RATE_HZ * 10;
    size_t whole = fingerprint(context, samples, 0, COUNT, 1, reference, sizeof reference);
    size_t part = fingerprint(context, samples, from, count, 0, query, sizeof query);
    GIVES(OK, onmon_compare(query, part, reference, whole, &match));
    REQUIRE(match.offset_ms == 4000 && match.confidence > 10 && match.bit_error < 0.05f);
    GIVES(WRONG_KIND, onmon_compare(reference, whole, query, part, &match));
    GIVES(NULL_POINTER, onmon_compare(query, part, reference, whole, NULL));
    GIVES(NOT_A_FINGERPRINT, onmon_compare(query, 0, reference, whole, &match));
    GIVES(DAMAGED, onmon_compare(query, part - 1, reference, whole, &match));
    query[3] ^= 0x40;
    GIVES(OTHER_VERSION, onmon_compare(query, part, reference, whole, &match));

    part = fingerprint(context, other, from, count, 0, query, sizeof query);
    GIVES(OK, onmon_compare(query, part, reference, whole, &match));
    REQUIRE(match.confidence < 5);
    free(other);
}

int main(void)
{
    OnmonContext *context = onmon_new();
    int16_t *samples = song(1);
    REQUIRE(onmon_abi_version() == ONMON_ABI_VERSION);
    REQUIRE(strlen(onmon_version()) > 0);
    for (int status = -2; status < 40; status++) {
        REQUIRE(strlen(onmon_error_message(status)) > 0);
    }
    null_is_refused(context);
    the_order_is_kept(context, samples);
    two_fingerprints_compare(context, samples);
    onmon_free(context);
    free(samples);
    puts("every mistake was told, and nothing broke");
    return 0;
}
