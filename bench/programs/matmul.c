/* Floating point: the product of two square matrices. */
#include <string.h>

#include "timing.h"

#define N 200

static double a[N][N], b[N][N], c[N][N];

static uint32_t kernel(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = i * 0.5 - j;
            b[i][j] = i + j * 0.25;
        }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    uint64_t bits, mix = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            memcpy(&bits, &c[i][j], sizeof bits);
            mix = mix * 31 + bits;
        }
    return (uint32_t)(mix ^ mix >> 32);
}

int main(void)
{
    return time_kernel(kernel);
}
