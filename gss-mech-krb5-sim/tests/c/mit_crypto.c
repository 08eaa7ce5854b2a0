/* MIT's crypto library, asked line by line: a command, an encryption type, then bytes in hexadecimal ("-" for none).
 *
 *   s2k  TYPE PASSWORD SALT PARAMETERS      the key
 *   prf  TYPE KEY INPUT                     the output
 *   sum  TYPE KEY USAGE DATA                the checksum of the type's own kind
 *   enc  TYPE KEY USAGE PLAIN               the ciphertext
 *   dec  TYPE KEY USAGE CIPHER              the plaintext
 *   enci TYPE KEY USAGE PIECE...            header, pieces of data, trailer; a piece is d or s (signed only) and hex
 *   deci TYPE KEY USAGE HEADER TRAILER PIECE...   the pieces of data
 *
 * One line answers, of words with a blank after each; "error N" where the library refuses. */
#include <krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PIECES 16

static void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static char *word(void)
{
    char *found = strtok(NULL, " \n");
    if (found == NULL)
        die("a word is missing");
    return found;
}

static unsigned int digit(char c)
{
    return c <= '9' ? (unsigned int)(c - '0') : (unsigned int)(c - 'a') + 10;
}

static krb5_data bytes(const char *hex)
{
    size_t i, len = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    krb5_data data = { KV5M_DATA, (unsigned int)len, calloc(1, len + 1) };
    if (data.data == NULL)
        die("no memory");
    for (i = 0; i < len; i++)
        data.data[i] = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    return data;
}

static krb5_data room(size_t len)
{
    krb5_data data = { KV5M_DATA, (unsigned int)len, calloc(1, len + 1) };
    if (data.data == NULL)
        die("no memory");
    return data;
}

static void show(const void *data, size_t len)
{
    const unsigned char *byte = data;
    size_t i;
    if (len == 0)
        printf("-");
    for (i = 0; i < len; i++)
        printf("%02x", byte[i]);
    printf(" ");
}

static void failed(krb5_error_code code)
{
    printf("error %ld", (long)code);
}

static void in_pieces(int encrypt, krb5_enctype type, const krb5_keyblock *key, krb5_keyusage usage)
{
    krb5_crypto_iov iov[MOST_PIECES + 2];
    size_t count = 1, i;
    unsigned int header, trailer;
    char *piece;
    krb5_error_code code;

    if (krb5_c_crypto_length(NULL, type, KRB5_CRYPTO_TYPE_HEADER, &header) != 0 ||
        krb5_c_crypto_length(NULL, type, KRB5_CRYPTO_TYPE_TRAILER, &trailer) != 0)
        die("no lengths");
    iov[0].flags = KRB5_CRYPTO_TYPE_HEADER;
    iov[0].data = encrypt ? room(header) : bytes(word());
    krb5_data end = encrypt ? room(trailer) : bytes(word());
    while ((piece = strtok(NULL, " \n")) != NULL) {
        if (count > MOST_PIECES)
            die("too many pieces");
        iov[count].flags = *piece == 'd' ? KRB5_CRYPTO_TYPE_DATA : KRB5_CRYPTO_TYPE_SIGN_ONLY;
        iov[count].data = bytes(piece + 1);
        count++;
    }
    iov[count].flags = KRB5_CRYPTO_TYPE_TRAILER;
    iov[count].data = end;
    count++;

    code = encrypt ? krb5_c_encrypt_iov(NULL, key, usage, NULL, iov, count)
                   : krb5_c_decrypt_iov(NULL, key, usage, NULL, iov, count);
    if (code != 0)
        failed(code);
    for (i = 0; code == 0 && i < count; i++) {
        if (iov[i].flags == KRB5_CRYPTO_TYPE_DATA || (encrypt && iov[i].flags != KRB5_CRYPTO_TYPE_SIGN_ONLY))
            show(iov[i].data.data, iov[i].data.length);
    }
    for (i = 0; i < count; i++)
        free(iov[i].data.data);
}

static void with_key(const char *command, krb5_enctype type)
{
    krb5_data raw = bytes(word());
    krb5_keyblock key = { KV5M_KEYBLOCK, type, raw.length, (unsigned char *)raw.data };
    krb5_error_code code;
    size_t len;

    if (strcmp(command, "prf") == 0) {
        krb5_data input = bytes(word());
        if (krb5_c_prf_length(NULL, type, &len) != 0)
            die("no length");
        krb5_data out = room(len);
        code = krb5_c_prf(NULL, &key, &input, &out);
        code == 0 ? show(out.data, out.length) : failed(code);
        free(input.data);
        free(out.data);
        free(raw.data);
        return;
    }

    krb5_keyusage usage = atoi(word());
    if (strcmp(command, "enci") == 0 || strcmp(command, "deci") == 0) {
        in_pieces(*command == 'e', type, &key, usage);
        free(raw.data);
        return;
    }
    krb5_data input = bytes(word());
    if (strcmp(command, "sum") == 0) {
        krb5_checksum sum;
        code = krb5_c_make_checksum(NULL, 0, &key, usage, &input, &sum);
        code == 0 ? show(sum.contents, sum.length) : failed(code);
        if (code == 0)
            free(sum.contents);
    } else if (strcmp(command, "enc") == 0) {
        krb5_enc_data out = { KV5M_ENC_DATA, type, 0, { KV5M_DATA, 0, NULL } };
        if (krb5_c_encrypt_length(NULL, type, input.length, &len) != 0)
            die("no length");
        out.ciphertext = room(len);
        code = krb5_c_encrypt(NULL, &key, usage, NULL, &input, &out);
        code == 0 ? show(out.ciphertext.data, out.ciphertext.length) : failed(code);
        free(out.ciphertext.data);
    } else if (strcmp(command, "dec") == 0) {
        krb5_enc_data in = { KV5M_ENC_DATA, type, 0, input };
        krb5_data out = room(input.length);
        code = krb5_c_decrypt(NULL, &key, usage, NULL, &in, &out);
        code == 0 ? show(out.data, out.length) : failed(code);
        free(out.data);
    } else {
        die("no such command");
    }
    free(input.data);
    free(raw.data);
}

int main(void)
{
    char *line = NULL;
    size_t room_for_line = 0;

    while (getline(&line, &room_for_line, stdin) > 0) {
        char *command = strtok(line, " \n");
        if (command == NULL)
            die("an empty line");
        krb5_enctype type = atoi(word());
        if (strcmp(command, "s2k") == 0) {
            krb5_data password = bytes(word()), salt = bytes(word()), params = bytes(word());
            krb5_keyblock key;
            krb5_error_code code = krb5_c_string_to_key_with_params(NULL, type, &password, &salt,
                                                                    params.length == 0 ? NULL : &params, &key);
            if (code == 0) {
                show(key.contents, key.length);
                krb5_free_keyblock_contents(NULL, &key);
            } else {
                failed(code);
            }
            free(password.data);
            free(salt.data);
            free(params.data);
        } else {
            with_key(command, type);
        }
        printf("\n");
        fflush(stdout);
    }
    free(line);
    return 0;
}
