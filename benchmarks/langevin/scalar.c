/* What one writes first: a trajectory at a time, xoshiro256++, the C library's log, sine, cosine. */
#include <math.h>
#include <stdint.h>

#define TURNED(x, k) (((x) << (k)) | ((x) >> (64 - (k))))

static uint64_t split_mix(uint64_t *x) {
    uint64_t z = (*x += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static uint64_t next(uint64_t s[4]) {
    uint64_t bits = TURNED(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3], s[2] ^= t, s[3] = TURNED(s[3], 45);
    return bits;
}

void run(long trajectories, long steps, double step, double temperature, uint64_t seed,
         double *restrict x, double *restrict y) {
    double kick = sqrt(2 * temperature * step);
    uint64_t s[4], k = seed;
    for (int i = 0; i < 4; i++) s[i] = split_mix(&k);
    for (long n = 0; n < trajectories; n++) {
        double x0 = 0, y0 = 0;
        for (long t = 0; t < steps; t++) {
            double u = ((double)(next(s) >> 11) + 0.5) * 0x1p-53;
            double angle = 6.283185307179586 * ((double)(next(s) >> 11) * 0x1p-53);
            double radius = kick * sqrt(-2 * log(u));
            double fx = (1 + y0 * y0) * x0, fy = y0 * (x0 * x0 + 0.5);
            x0 = x0 - step * fx + radius * cos(angle);
            y0 = y0 - step * fy + radius * sin(angle);
        }
        x[n] = x0, y[n] = y0;
    }
}
