/*
 * The golden vectors through the C interface: `vectors (RATE CHANNELS PCM CODES AFP)...`. Each is fed
 * in blocks of several lengths, by threads that run at once with a context each; then by threads
 * that share one.
 */
#include "require.h"

#include <onmon.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK(call) REQUIRE((call) == ONMON_STATUS_OK)

enum { FIELDS = 5, SHARERS = 4, ROUNDS = 50 };

struct file {
    unsigned char *bytes;
    size_t length;
};

struct vector {
    uint32_t rate_hz;
    uint32_t channels;
    struct file pcm, codes, fingerprint;
    size_t block;
};

static struct file read_file(const char *path)
{
    struct file file = {NULL, 0};
    FILE *stream = fopen(path, "rb");
    REQUIRE(stream != NULL);
    REQUIRE(fseek(stream, 0, SEEK_END) == 0);
    file.length = (size_t)ftell(stream);
    rewind(stream);
    file.bytes = malloc(file.length + 1);
    REQUIRE(file.bytes != NULL);
    REQUIRE(fread(file.bytes, 1, file.length, stream) == file.length);
    fclose(stream);
    return file;
}

static void require_equal(const struct file *expected, const unsigned char *bytes, size_t length)
{
    REQUIRE(length == expected->length);
    REQUIRE(memcmp(bytes, expected->bytes, length) == 0);
}

static void *extract(void *argument)
{
    const struct vector *vector = argument;
    /* malloc aligns for every type; the files are little-endian, as every machine of the gate. */
    const int16_t *samples = (const int16_t *)(void *)vector->pcm.bytes;
    size_t count = vector->pcm.length / sizeof *samples;
    unsigned char fingerprint[ONMON_FINGERPRINT_BYTES_MAX];
    size_t length = 0;
    OnmonContext *context = onmon_new();
    REQUIRE(context != NULL);
    OK(onmon_start(context, vector->rate_hz, vector->channels));
    for (size_t at = 0; at < count; at += vector->block) {
        size_t rest = count - at;
        OK(onmon_feed(context, samples + at, rest < vector->block ? rest : vector->block));
    }
    OK(onmon_finish(context));
    OK(onmon_get_fingerprint(context, fingerprint, sizeof fingerprint, &length));
    require_equal(&vector->fingerprint, fingerprint, length);

    REQUIRE(onmon_get_codes(context, NULL, 0, &length) == ONMON_STATUS_BUFFER_TOO_SMALL);
    unsigned char *codes = malloc(length);
    REQUIRE(codes != NULL);
    OK(onmon_get_codes(context, codes, length, &length));
    require_equal(&vector->codes, codes, length);
    free(codes);
    onmon_free(context);
    return NULL;
}

static void *feed_silence(void *context)
{
    static const int16_t silence[800];
    for (int round = 0; round < ROUNDS; round++) {
        OK(onmon_feed(context, silence, 800));
    }
    return NULL;
}

/* What threads feed into one context comes in one after the other, whole: 20 s of silence. */
static void share_one_context(void)
{
    pthread_t threads[SHARERS];
    size_t length = 0;
    OnmonContext *context = onmon_new();
    OK(onmon_start(context, 8000, 1));
    for (int i = 0; i < SHARERS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, feed_silence, context) == 0);
    }
    for (int i = 0; i < SHARERS; i++) {
        REQUIRE(pthread_join(threads[i], NULL) == 0);
    }
    REQUIRE(onmon_get_codes(context, NULL, 0, &length) == ONMON_STATUS_BUFFER_TOO_SMALL);
    /* A code per 400 samples, but for the 1.35 s that the last ones lack. */
    REQUIRE(length == 373);
    onmon_free(context);
}

int main(int argc, char **argv)
{
    static const size_t blocks[] = {1, 7, 4096, (size_t)1 << 30};
    enum { BLOCKS = sizeof blocks / sizeof *blocks };
    REQUIRE(argc > FIELDS && (argc - 1) % FIELDS == 0);
    REQUIRE(onmon_abi_version() == ONMON_ABI_VERSION);
    for (char **field = argv + 1; *field != NULL; field += FIELDS) {
        pthread_t threads[BLOCKS];
        struct vector vectors[BLOCKS];
        struct vector vector = {
            .rate_hz = (uint32_t)atoi(field[0]),
            .channels = (uint32_t)atoi(field[1]),
            .pcm = read_file(field[2]),
            .codes = read_file(field[3]),
            .fingerprint = read_file(field[4]),
        };
        for (int i = 0; i < BLOCKS; i++) {
            vectors[i] = vector;
            vectors[i].block = blocks[i];
            REQUIRE(pthread_create(&threads[i], NULL, extract, &vectors[i]) == 0);
        }
        for (int i = 0; i < BLOCKS; i++) {
            REQUIRE(pthread_join(threads[i], NULL) == 0);
        }
        free(vector.pcm.bytes);
        free(vector.codes.bytes);
        free(vector.fingerprint.bytes);
    }
    share_one_context();
    printf("%d vectors, byte by byte, in %d threads\n", (argc - 1) / FIELDS, (int)BLOCKS);
    return 0;
}
