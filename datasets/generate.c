#include "generate.h"
#include "../sim/memory.h"
#include "../sim/rng.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t generate_client(int64_t row, int64_t rows, int64_t clients)
{
    const int64_t m = clients < rows ? rows / clients : 1, client = row / m;
    return client < clients ? client : clients - 1;
}

bool generate_fits(const char *name, int64_t rows, int64_t features, double bytes, struct fail *f)
{
    const int64_t most = INT64_C(1) << 30;
    if (features <= most / rows)
        return memory_fits((16 + bytes * (double)features) * (double)rows, f, "%s: %" PRId64 " rows of %" PRId64 " numbers", name,
                           rows, features);
    return fail_set(f, "%s: %" PRId64 " rows of %" PRId64 " numbers; allowed are at most %" PRId64 " numbers in all", name, rows,
                    features, most);
}

void generate_gaussians(uint64_t seed, uint32_t lane, uint32_t round, uint32_t client, int64_t n, double scale, double *out)
{
    struct stream s = stream(seed, FOR_GENERATOR, lane, round, client);
    for (int64_t j = 0; j < n; j++) out[j] = scale * stream_gaussian(&s);
}

void generate_finish(const char *name, struct rows_builder *b, struct dataset *out)
{
    memset(out, 0, sizeof *out);
    out->rows = rows_end(b);
    out->generated = true;
    snprintf(out->name, sizeof out->name, "%s (generated)", name);
    rows_sha256(&out->rows, out->sha256);
}
