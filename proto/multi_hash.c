/* Multi-buffer hashing by libIPSec_MB.  Knows nothing of blobs. */
#include "proto/multi_hash.h"

#include <assert.h>
#include <intel-ipsec-mb.h>

struct multi_hash *multi_hash_new(void)
{
    IMB_MGR *mgr = alloc_mb_mgr(0);
    IMB_ARCH arch = IMB_ARCH_NONE;

    if (mgr == NULL)
        return NULL;
    init_mb_mgr_auto(mgr, &arch);
    if (imb_get_errno(mgr) != 0 || arch <= IMB_ARCH_NOAESNI) {
        free_mb_mgr(mgr); /* software alone: libcrypto is as fast */
        return NULL;
    }
    return (struct multi_hash *)mgr;
}

void multi_hash_free(struct multi_hash *m)
{
    if (m != NULL)
        free_mb_mgr((IMB_MGR *)m);
}

static IMB_JOB *submit(IMB_MGR *mgr, uint8_t *out, const uint8_t *src,
                       size_t len)
{
    IMB_JOB *job = IMB_GET_NEXT_JOB(mgr);

    *job = (IMB_JOB){ .src = src,
                      .msg_len_to_hash_in_bytes = len,
                      .auth_tag_output = out,
                      .auth_tag_output_len_in_bytes = HASH_LEN,
                      .hash_alg = IMB_AUTH_SHA_256,
                      .cipher_mode = IMB_CIPHER_NULL,
                      .cipher_direction = IMB_DIR_ENCRYPT,
                      .chain_order = IMB_ORDER_HASH_CIPHER };
    return IMB_SUBMIT_JOB(mgr);
}

bool multi_hash_pieces(struct multi_hash *m, uint8_t *out, const uint8_t *src,
                       size_t len, size_t count)
{
    IMB_MGR *mgr = (IMB_MGR *)m;
    IMB_JOB *done;
    size_t good = 0;

    assert(len >= 1);
    if (m == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        done = submit(mgr, out + i * HASH_LEN, src + i * len, len);
        for (; done != NULL; done = IMB_GET_COMPLETED_JOB(mgr)) /* `count` */
            good += done->status == IMB_STATUS_COMPLETED;
    }
    while ((done = IMB_FLUSH_JOB(mgr)) != NULL) /* those that are left */
        good += done->status == IMB_STATUS_COMPLETED;
    return good == count;
}
