/* catalogue.c - public data sets by name: where they come from, what shape they have, and the sha256 of their text. */
#include "dataset.h"
#include <string.h>

#define BINARY "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/binary/"

/* The home is the LIBSVM data page (Chang, Lin, LIBSVM: a library for support vector machines, ACM TIST 2011), which asks
 * that the original source be cited; d can exceed the largest index in the file, since the page counts it over the test set too.
 */
const struct catalogue_entry catalogue[] = {
    {"a1a", "a1a", BINARY "a1a", "eb54c45f1bdb51286f803dd092eb8202b44637a858fc6c4e533a2d64a0d94b4e", 1605, 123, 2,
     "UCI Adult (CC BY 4.0), one-hot by J. Platt; the smallest part"},
    {"a9a", "a9a", BINARY "a9a", "f5d5ffd8d865ff41328e7ee043e4b020816914ff6843ff15b98905ddbedce906", 32561, 123, 2,
     "UCI Adult (CC BY 4.0), one-hot by J. Platt"},
    {"a9a.t", "a9a.t", BINARY "a9a.t", "1f448a153f0320399a7e40836eb207655b0bde0f21fc941cc472193daa9f5de9", 16281, 123, 2,
     "test set of a9a"},
    {"australian", "australian", BINARY "australian", NULL, 690, 14, 2, "UCI Statlog Australian credit (CC BY 4.0)"},
    {"covtype", "covtype.libsvm.binary.bz2", BINARY "covtype.libsvm.binary.bz2", NULL, 581012, 54, 2,
     "UCI Covertype (CC BY 4.0), class 2 against the rest"},
    {"german.numer", "german.numer", BINARY "german.numer", NULL, 1000, 24, 2, "UCI Statlog German credit (CC BY 4.0), numeric"},
    {"gisette", "gisette_scale.bz2", BINARY "gisette_scale.bz2", NULL, 6000, 5000, 2,
     "NIPS 2003 feature selection challenge (Guyon et al.), scaled to [-1, 1]"},
    {"ijcnn1", "ijcnn1.bz2", BINARY "ijcnn1.bz2", NULL, 49990, 22, 2, "IJCNN 2001 challenge (D. Prokhorov)"},
    {"madelon", "madelon", BINARY "madelon", NULL, 2000, 500, 2, "NIPS 2003 feature selection challenge (Guyon et al.)"},
    {"mushrooms", "mushrooms", BINARY "mushrooms", "f39a4eb628dc61a7d43760815b061c9e497aa728ce1ad8bde57a09ef6043b538", 8124, 112,
     2, "UCI Mushroom (10.24432/C5959T, CC BY 4.0), one-hot"},
    {"news20", "news20.binary.bz2", BINARY "news20.binary.bz2", NULL, 19996, 1355191, 2,
     "20 newsgroups, two groups of ten (Keerthi, DeCoste, JMLR 2005)"},
    {"phishing", "phishing", BINARY "phishing", "0cf66ef36604c393da9359b2e5d894a2df8aee31fd184633cefa138add2ef08a", 11055, 68, 2,
     "UCI Phishing Websites (CC BY 4.0), one-hot, rows of unit length"},
    {"rcv1", "rcv1_train.binary.bz2", BINARY "rcv1_train.binary.bz2", NULL, 20242, 47236, 2,
     "Reuters corpus volume 1 (Lewis et al., JMLR 2004), training set"},
    {"real-sim", "real-sim.bz2", BINARY "real-sim.bz2", NULL, 72309, 20958, 2,
     "newsgroup articles, real against simulated (A. McCallum)"},
    {"splice", "splice", BINARY "splice", NULL, 1000, 60, 2, "UCI Splice-junction gene sequences (CC BY 4.0), training set"},
    {"svmguide1", "svmguide1", BINARY "svmguide1", NULL, 3089, 4, 2,
     "astroparticle physics (Hsu, Chang, Lin 2003), training set"},
    {"w7a", "w7a", BINARY "w7a", NULL, 24692, 300, 2, "web pages by key words (J. Platt 1998)"},
    {"w8a", "w8a", BINARY "w8a", "6a9fa8fd5f524303240a5db07d4b3d4a51e8b7b4b20a914105d8e3e8c81640f2", 49749, 300, 2,
     "web pages by key words (J. Platt 1998)"},
    {"w8a.t", "w8a.t", BINARY "w8a.t", "618929ecb01bebb841daec4cae4aa07b97832d29b08652452775598929547fde", 14951, 300, 2,
     "test set of w8a"},
    {0},
};

const struct catalogue_entry *catalogue_find(const char *name)
{
    for (const struct catalogue_entry *e = catalogue; e->name; e++)
        if (!strcmp(e->name, name)) return e;
    return NULL;
}
