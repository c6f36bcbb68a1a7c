/* Lanes that the compiler vectorises, the C library's vector log, sine, cosine, in double. */
#include <math.h>
#include <stdint.h>

#define LANES 64
#define TURNED(x, k) (((x) << (k)) | ((x) >> (64 - (k))))

static uint64_t split_mix(uint64_t *x) {
    uint64_t z = (*x += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

/* xoroshiro128+ for each lane; its low bits, the weak ones, are dropped. */
void run(long trajectories, long steps, double step, double temperature, uint64_t seed,
         double *restrict x, double *restrict y) {
    double kick = sqrt(2 * temperature * step);
    for (long n = 0; n < trajectories; n += LANES) {
        uint64_t a[LANES], b[LANES];
        double x0[LANES] = {0}, y0[LANES] = {0}, u[LANES], v[LANES], w[LANES];
        for (int i = 0; i < LANES; i++) {
            uint64_t k = seed * 0x9E3779B97F4A7C15 + (uint64_t)(n + i) * 0xD1342543DE82EF95;
            a[i] = split_mix(&k), b[i] = split_mix(&k);
        }
        for (long t = 0; t < steps; t++) {
            for (int i = 0; i < LANES; i++) {
                uint64_t p = a[i], q = b[i] ^ p;
                u[i] = ((double)(int64_t)((p + b[i]) >> 11) + 0.5) * 0x1p-53;
                p = TURNED(p, 24) ^ q ^ (q << 16), q = TURNED(q, 37);
                v[i] = (double)(int64_t)((p + q) >> 11) * 0x1p-53;
                q ^= p, a[i] = TURNED(p, 24) ^ q ^ (q << 16), b[i] = TURNED(q, 37);
            }
/* a loop for each call: the compiler joins sin and cos to one that has no lanes */
            for (int i = 0; i < LANES; i++) u[i] = kick * sqrt(-2 * log(u[i]));
            for (int i = 0; i < LANES; i++) w[i] = u[i] * cos(6.283185307179586 * v[i]);
            for (int i = 0; i < LANES; i++) v[i] = u[i] * sin(6.283185307179586 * v[i]);
            for (int i = 0; i < LANES; i++) {
                double fx = (1 + y0[i] * y0[i]) * x0[i], fy = y0[i] * (x0[i] * x0[i] + 0.5);
                x0[i] = x0[i] - step * fx + w[i];
                y0[i] = y0[i] - step * fy + v[i];
            }
        }
        for (int i = 0; i < LANES; i++) x[n + i] = x0[i], y[n + i] = y0[i];
    }
}
