/* The engine's random bits as bytes on standard output, in the orders in which a simulation uses
 * them, for a statistical battery to read; and spoilt generators that a battery must reject.
 *
 *     random_stream ORDER SEED | RNG_test stdin32
 *     random_stream ORDER SEED smallcrush|crush [reversed]     (compiled with -DTESTU01)
 *     random_stream vectors                                    (known answers, one a line)
 *
 * An independent version of sims/lane_random.py: xoshiro128++ whose state at the start of each
 * SEGMENT steps (DRAWS a step) is Philox4x32-10(counter = (trajectory, segment), key = seed).
 *
 *     along      one trajectory, step after step, segment after segment
 *     block      64 neighbouring trajectories in turn at each draw: the lanes of one block
 *     across     65536 neighbouring trajectories in turn at each draw
 *     segments   65536 consecutive segments of one trajectory in turn
 *     seeds      65536 consecutive seeds in turn
 *     opening    the first four draws of trajectories 0, 1, 2, ...
 *     unhashed   spoilt: as `across`, the counter itself for a state, without Philox
 *     repeated   spoilt: as `across`, but one trajectory in 64 repeats its neighbour
 *     randu      spoilt: 65539 x mod 2^31;   lcg: 1664525 x + 1013904223 mod 2^32
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT 1024
#define DRAWS 2
#define MOST 65536

typedef uint32_t u32;
typedef uint64_t u64;
enum { ALONG, BLOCK, ACROSS, SEGMENTS, SEEDS, OPENING, UNHASHED, REPEATED, RANDU, LCG, ORDERS };
static const char *const NAMES[] = {"along",   "block",    "across", "segments", "seeds",
                                    "opening", "unhashed", "repeated", "randu", "lcg"};

static u32 s0[MOST], s1[MOST], s2[MOST], s3[MOST], bits[MOST];
static u64 the_seed, segment, first; /* first: of the trajectories in the block */
static int order, lanes, length, drawn, given;

static u32 turned(u32 x, int k) { return (x << k) | (x >> (32 - k)); }

static void philox(u32 c[4], u32 k0, u32 k1) {
    for (int round = 0; round < 10; round++) {
        u64 a = (u64)0xD2511F53 * c[0], b = (u64)0xCD9E8D57 * c[2];
        u32 n[4] = {(u32)(b >> 32) ^ c[1] ^ k0, (u32)b, (u32)(a >> 32) ^ c[3] ^ k1, (u32)a};
        memcpy(c, n, sizeof n);
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
}

static void opened(int lane, u64 seed, u64 trajectory, u64 part) {
    u32 c[4] = {(u32)trajectory, (u32)(trajectory >> 32), (u32)part, (u32)(part >> 32)};
    if (order == REPEATED && lane % 64 == 63) c[0]--;
    if (order != UNHASHED) philox(c, (u32)seed, (u32)(seed >> 32));
    else c[3] = 1; /* not all zero */
    s0[lane] = c[0], s1[lane] = c[1], s2[lane] = c[2], s3[lane] = c[3];
}

static void next_segment(void) {
    for (int i = 0; i < lanes; i++) {
        if (order == SEEDS) opened(i, the_seed + i, 0, segment);
        else if (order == SEGMENTS) opened(i, the_seed, 0, segment * MOST + i);
        else if (order == OPENING) opened(i, the_seed, first + i, 0);
        else opened(i, the_seed, i, segment);
    }
    segment++;
    first += lanes;
    drawn = 0;
}

static void draw(void) {
    if (order == RANDU || order == LCG) {
        for (int i = 0; i < lanes; i++) {
            s0[0] = order == RANDU ? (65539u * s0[0]) & 0x7FFFFFFF : 1664525u * s0[0] + 1013904223u;
            bits[i] = order == RANDU ? s0[0] << 1 : s0[0];
        }
        return;
    }
    if (drawn == length) next_segment();
    drawn++;
    for (int i = 0; i < lanes; i++) {
        u32 a = s0[i], b = s1[i], c = s2[i], d = s3[i], t = b << 9;
        bits[i] = turned(a + d, 7) + a;
        c ^= a, d ^= b, b ^= c, a ^= d;
        s0[i] = a, s1[i] = b, s2[i] = c ^ t, s3[i] = turned(d, 11);
    }
}

static void begin(const char *name, u64 seed) {
    for (order = 0; order < ORDERS && strcmp(name, NAMES[order]); order++) continue;
    if (order == ORDERS) fprintf(stderr, "unknown order %s\n", name), exit(2);
    the_seed = seed;
    lanes = order == ALONG ? 1 : order == BLOCK ? 64 : MOST;
    length = order == OPENING ? 4 : SEGMENT * DRAWS;
    drawn = length;
    s0[0] = (u32)seed | 1;
}

static int vectors(void) { /* counter, key from the command line's hexadecimal words on stdin */
    u32 c[4], k[2];
    while (scanf("%x%x%x%x%x%x", c, c + 1, c + 2, c + 3, k, k + 1) == 6) {
        philox(c, k[0], k[1]);
        printf("%08x %08x %08x %08x\n", c[0], c[1], c[2], c[3]);
    }
    lanes = 1, length = 10, drawn = 0, order = ALONG;
    s0[0] = 1, s1[0] = 2, s2[0] = 3, s3[0] = 4;
    for (int i = 0; i < 10; i++) draw(), printf("%u%c", bits[0], i == 9 ? '\n' : ' ');
    return 0;
}

#ifdef TESTU01
#include "TestU01.h"

static u32 next_bits(void) {
    if (given == lanes) draw(), given = 0;
    return bits[given++];
}

static u32 next_reversed(void) { /* TestU01 looks mostly at the high bits */
    u32 x = next_bits();
    x = (x >> 16) | (x << 16);
    x = ((x & 0xFF00FF00) >> 8) | ((x & 0x00FF00FF) << 8);
    x = ((x & 0xF0F0F0F0) >> 4) | ((x & 0x0F0F0F0F) << 4);
    x = ((x & 0xCCCCCCCC) >> 2) | ((x & 0x33333333) << 2);
    return ((x & 0xAAAAAAAA) >> 1) | ((x & 0x55555555) << 1);
}
#endif

int main(int count, char **words) {
    if (count == 2 && !strcmp(words[1], "vectors")) return vectors();
    if (count < 3) fprintf(stderr, "random_stream ORDER SEED\n"), exit(2);
    begin(words[1], strtoull(words[2], 0, 10));
    given = lanes;
#ifdef TESTU01
    unif01_Gen *gen = unif01_CreateExternGenBits(
        words[1], count > 4 ? (unsigned int (*)(void))next_reversed : next_bits);
    swrite_Basic = FALSE;
    if (count > 3 && !strcmp(words[3], "crush")) bbattery_Crush(gen);
    else bbattery_SmallCrush(gen);
    return 0;
#endif
    if (lanes == MOST) {
        do draw();
        while (fwrite(bits, 4, lanes, stdout) == (size_t)lanes);
        return 0;
    }
    static u32 page[MOST];
    for (;;) {
        for (int i = 0; i < MOST; i += lanes) draw(), memcpy(page + i, bits, 4 * lanes);
        if (fwrite(page, 4, MOST, stdout) != MOST) return 0;
    }
}
