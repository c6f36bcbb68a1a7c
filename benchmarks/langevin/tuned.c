/* The toy by hand: as fast as we could make one core go, and the bar for the engine.
 *
 * Sixteen trajectories a vector; xoshiro128++ for each, opened by Philox4x32-10 every SEGMENT steps;
 * Box and Muller's pair with polynomials for log, sine and cosine.  On a Zen 4 every vector operation
 * saved is two per cent of the noise, hence:
 *   - the variance 2 T dt is folded into the coefficients of the logarithm;
 *   - u = r/2^32 = m 2^k with m in [1, 2) has  log2 u = (k + m - 1) + (log2 m - m + 1): the first
 *     bracket is the bit pattern of float(r) read as an integer, so that only the second, smooth
 *     and zero at both ends, needs a polynomial (degree 7, 3e-7, shifted to keep -log u positive);
 *   - cos p +- sin p with p uniform on +-pi/4 and two random signs fill the circle: no quadrants.
 * State and force: `single` in float; `compensated` in float, the state with its rounding errors
 * carried along (Kahan), good to 48 bits; `mixed` in double, the noise of CHUNK steps kept in L1.
 * -fno-associative-math keeps the compiler from simplifying Kahan's sum away.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define W 16
#define SEGMENT 1024
#define CHUNK 64
typedef float vf __attribute__((vector_size(4 * W), aligned(4 * W)));
typedef uint32_t vu __attribute__((vector_size(4 * W), aligned(4 * W)));
typedef int32_t vi __attribute__((vector_size(4 * W), aligned(4 * W)));
typedef float vh __attribute__((vector_size(2 * W), aligned(2 * W), may_alias));
typedef double vd __attribute__((vector_size(4 * W), aligned(4 * W)));
typedef struct { vu a, b, c, d; } Stream;
#define TURNED(x, k) (((x) << (k)) | ((x) >> (32 - (k))))
#define INLINE static inline __attribute__((always_inline))

INLINE vu next(Stream *s) {
    vu bits = TURNED(s->a + s->d, 7) + s->a, t = s->b << 9;
    vu c = s->c ^ s->a, d = s->d ^ s->b;
    s->b ^= c, s->a ^= d, s->c = c ^ t, s->d = TURNED(d, 11);
    return bits;
}

static Stream opened(uint64_t seed, uint64_t trajectory, uint64_t segment) {
    uint32_t c[4][W];
    for (int i = 0; i < W; i++) {
        c[0][i] = (uint32_t)(trajectory + i), c[1][i] = (uint32_t)((trajectory + i) >> 32);
        c[2][i] = (uint32_t)segment, c[3][i] = (uint32_t)(segment >> 32);
    }
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9, k1 += 0xBB67AE85)
        for (int i = 0; i < W; i++) {
            uint64_t p = (uint64_t)0xD2511F53 * c[0][i], q = (uint64_t)0xCD9E8D57 * c[2][i];
            c[0][i] = (uint32_t)(q >> 32) ^ c[1][i] ^ k0, c[1][i] = (uint32_t)q;
            c[2][i] = (uint32_t)(p >> 32) ^ c[3][i] ^ k1, c[3][i] = (uint32_t)p;
        }
    Stream s;
    memcpy(&s, c, sizeof s);
    return s;
}

INLINE vf root(vf a) {
    vf r;
    for (int i = 0; i < W; i++) r[i] = sqrtf(a[i]);
    return r;
}

/* Two independent normal numbers of this variance. */
INLINE void pair(Stream *s, float variance, vf *first, vf *second) {
    vu r = next(s) | 1u, q = next(s);
    vu bits = (vu)__builtin_convertvector(r, vf);
    vf f = (vf)((bits & 0x7FFFFFu) | 0x3F800000u) - 1.5f;
    vf line = __builtin_convertvector((vi)(bits - 0x4F800000u), vf); /* 2^23 (k + m - 1) - 2^28 */
    float L = -0.6931471805599453f * variance;
    vf p = L * 0.01512516662478447f * f + L * -0.02512337826192379f;
    p = p * f + L * 0.0373113714158535f;
    p = p * f + L * -0.07058960944414139f;
    p = p * f + L * 0.14254531264305115f;
    p = p * f + L * -0.32063233852386475f;
    p = p * f + L * -0.0382046215236187f;
    p = p * f + L * (0.08496276289224625f - 4e-7f);
    vf radius = root(L * 1.1920928955078125e-07f * line + p); /* over sqrt 2 */
    vf t = __builtin_convertvector((vi)q, vf) * 4.656612873077393e-10f, w = t * t;
    vf cosine = -0.0003188805130776018f * w + 0.015849914401769638f;
    cosine = (cosine * w - 0.3084242641925812f) * w + 1.0f;
    vf sine = -3.595450834836811e-05f * w + 0.002490007085725665f;
    sine = ((sine * w - 0.08074543625116348f) * w + 0.7853981852531433f) * t;
    *first = (vf)((vu)((cosine - sine) * radius) ^ (q << 31));
    *second = (vf)((vu)((cosine + sine) * radius) ^ ((q << 30) & 0x80000000u));
}

#define FLOATS(x, v) for (int i = 0; i < W; i++) (x)[n + i] = (v)[i]
#define SEGMENTS(steps) \
    for (long begin = 0, length; length = (steps) - begin < SEGMENT ? (steps) - begin : SEGMENT, \
                                 begin < (steps); begin += SEGMENT)
#define ARGUMENTS \
    long trajectories, long steps, double step, double temperature, uint64_t seed, double *restrict x, \
        double *restrict y

void single(ARGUMENTS) {
    float dt = step, variance = 2 * temperature * step;
    for (long n = 0; n < trajectories; n += W) {
        vf x0 = {0}, y0 = {0};
        SEGMENTS(steps) {
            Stream s = opened(seed, n, begin / SEGMENT);
            for (long t = 0; t < length; t++) {
                vf dx, dy;
                pair(&s, variance, &dx, &dy);
                vf fx = y0 * y0 * x0 + x0, fy = y0 * (x0 * x0 + 0.5f);
                x0 += dx - dt * fx, y0 += dy - dt * fy;
            }
        }
        FLOATS(x, x0);
        FLOATS(y, y0);
    }
}

void compensated(ARGUMENTS) {
    float dt = step, variance = 2 * temperature * step;
    for (long n = 0; n < trajectories; n += W) {
        vf x0 = {0}, y0 = {0}, lost_x = {0}, lost_y = {0};
        SEGMENTS(steps) {
            Stream s = opened(seed, n, begin / SEGMENT);
            for (long t = 0; t < length; t++) {
                vf dx, dy;
                pair(&s, variance, &dx, &dy);
                vf fx = y0 * y0 * x0 + x0, fy = y0 * (x0 * x0 + 0.5f);
                dx = (dx + lost_x) - dt * fx, dy = (dy + lost_y) - dt * fy;
                vf x1 = x0 + dx, y1 = y0 + dy;
                lost_x = dx - (x1 - x0), lost_y = dy - (y1 - y0);
                x0 = x1, y0 = y1;
            }
        }
        FLOATS(x, x0);
        FLOATS(y, y0);
    }
}

void mixed(ARGUMENTS) {
    vf kick_x[CHUNK], kick_y[CHUNK];
    float variance = 2 * temperature * step;
    for (long n = 0; n < trajectories; n += W) {
        vd x0[2] = {{0}, {0}}, y0[2] = {{0}, {0}};
        SEGMENTS(steps) {
            Stream s = opened(seed, n, begin / SEGMENT);
            for (long from = 0; from < length; from += CHUNK) {
                long count = length - from < CHUNK ? length - from : CHUNK;
                for (long t = 0; t < count; t++) pair(&s, variance, kick_x + t, kick_y + t);
                __asm__ volatile("" ::: "memory"); /* read back from L1, half a vector at a time */
                for (long t = 0; t < count; t++) {
                    const vh *dx = (const vh *)(kick_x + t), *dy = (const vh *)(kick_y + t);
#pragma GCC unroll 2
                    for (int h = 0; h < 2; h++) {
                        vd fx = y0[h] * y0[h] * x0[h] + x0[h], fy = y0[h] * (x0[h] * x0[h] + 0.5);
                        x0[h] = (x0[h] - step * fx) + __builtin_convertvector(dx[h], vd);
                        y0[h] = (y0[h] - step * fy) + __builtin_convertvector(dy[h], vd);
                    }
                }
            }
        }
        memcpy(x + n, x0, sizeof x0);
        memcpy(y + n, y0, sizeof y0);
    }
}

/* The limit: nothing but the noise, added up. */
void normals(ARGUMENTS) {
    double scale = sqrt(1.0 / steps);
    for (long n = 0; n < trajectories; n += W) {
        vf sum_x = {0}, sum_y = {0};
        SEGMENTS(steps) {
            Stream s = opened(seed, n, begin / SEGMENT);
            for (long t = 0; t < length; t++) {
                vf dx, dy;
                pair(&s, 1.0f, &dx, &dy);
                sum_x += dx, sum_y += dy;
            }
        }
        sum_x *= (float)scale, sum_y *= (float)scale;
        FLOATS(x, sum_x);
        FLOATS(y, sum_y);
    }
}
