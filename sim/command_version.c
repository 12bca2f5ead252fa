/* command_version.c - gradwire version */
#include "command.h"
#include "plugin.h"
#include <archive.h>
#include <gsl/gsl_version.h>
#include <hdf5.h>
#include <nettle/version.h>
#include <stdio.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static int version(const struct arguments *a)
{
    (void)a;
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    printf("gradwire " GRADWIRE_VERSION "\n");
    printf("compiler   " COMPILER "\n");
    printf("libraries  GSL %s, HDF5 %u.%u.%u, %s, nettle %d.%d\n", gsl_version, major, minor, release, archive_version_string(),
           NETTLE_VERSION_MAJOR, NETTLE_VERSION_MINOR);
    printf("plug-ins  ");
    for (enum kind k = 0; k < KINDS; k++) printf(" %zu %ss%s", plugin_count(k), kind_name(k), k + 1 < KINDS ? "," : "\n");
    return 0;
}

const struct command command_version = {
    .name = "version",
    .synopsis = "",
    .summary = "the version, and what it was built with",
    .details =
        "The first line, `gradwire VERSION`, is the one to cite. The others describe this build; none of them is written into\n"
        "result files, because results do not depend on them.",
    .least = 0,
    .most = 0,
    .run = version,
};
