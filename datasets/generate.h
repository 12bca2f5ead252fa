/* generate.h - what the generators share. */
#ifndef GENERATE_H
#define GENERATE_H
#include "rows.h"

/* The client whose row this is in a contiguous split that drops the remainder or leaves it to the last client. */
int64_t generate_client(int64_t row, int64_t rows, int64_t clients);
/* Refuses tables of more than 2^30 numbers, or of more than memory holds; bytes: of one number. */
bool generate_fits(const char *name, int64_t rows, int64_t features, double bytes, struct fail *f);
/* n standard Gaussians of stream(seed, FOR_GENERATOR, lane, round, client), times `scale`. */
void generate_gaussians(uint64_t seed, uint32_t lane, uint32_t round, uint32_t client, int64_t n, double scale, double *out);
/* Names, hashes and hands over what was built. */
void generate_finish(const char *name, struct rows_builder *b, struct dataset *out);
#endif
