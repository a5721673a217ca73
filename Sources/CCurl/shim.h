// This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
#ifndef WEFT_CCURL_SHIM_H
#define WEFT_CCURL_SHIM_H

#include <curl/curl.h>

// Swift cannot call variadic functions: one typed function for each kind of argument.

typedef size_t (*weft_curl_data_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode weft_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode weft_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode weft_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode weft_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode weft_curl_set_copied_body(CURL *handle, const void *bytes, curl_off_t count) {
    CURLcode code = curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, count);
    return code == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, (const char *)bytes) : code;
}

static inline CURLcode weft_curl_set_headers(CURL *handle, struct curl_slist *headers) {
    return curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
}

static inline CURLcode weft_curl_set_callback(CURL *handle, CURLoption option, weft_curl_data_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

static inline CURLMcode weft_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// Only http and https, whatever else this libcurl was built with.
static inline CURLcode weft_curl_limit_to_http(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// Lets a cancelled transfer go while its name is still being looked up, instead of waiting for the resolver.
static inline CURLcode weft_curl_leave_resolver_behind(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)handle;
    return CURLE_OK;
#endif
}

// A macro with a cast, which Swift does not import.
static inline size_t weft_curl_write_pause(void) { return CURL_WRITEFUNC_PAUSE; }

#endif
