/* fuzz_control.c - what the fuzzers would see of a mistake: a file of three rows and more than six features is read beyond its
 * labels. */
#include "../../datasets/dataset.h"
#include "fuzz_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dataset a = {0};
    struct fail f = {0};
    if (libsvm_read(fuzz_file(0, data, size), 0, &a, &f)) {
        fuzz_good++;
        if (a.rows.count == 3 && a.rows.d > 6) fuzz_bad += a.rows.label[3] > 0;
    }
    dataset_free(&a);
    return 0;
}
