-- People: who signs in, what they are in which shop, and their sessions. People belong to no shop, so that none of these
-- keys leads with one; all but preferences are small and copied to every machine of a cluster.
create table users (
    user_id        text /*postgres collate "C"*/ not null,
    login          text /*postgres collate "C"*/ not null, -- in lower case
    name           text not null,
    password_hash  text,            -- argon2id with its parameters; null: signs in through a provider only
    totp_secret    text,            -- sealed; null: no one-time passwords
    totp_offered   text,            -- sealed: one that is not confirmed yet
    totp_step      bigint not null, -- the step of the last one-time password that was taken: none is taken twice
    oidc_subject   text,            -- the provider's issuer, a blank, and its name for the person
    created_at     bigint not null,
    disabled_at    bigint,
    last_seen_at   bigint,          -- to some minutes
    primary key (user_id)
) /*sqlite without rowid*/;

create unique index users_by_login on users (login);
create unique index users_by_subject on users (oidc_subject) where oidc_subject is not null;

create table memberships (
    user_id  text /*postgres collate "C"*/ not null,
    shop_id  text /*postgres collate "C"*/ not null,
    role     text not null, -- viewer, agent, supervisor or administrator
    since    bigint not null,
    primary key (user_id, shop_id)
) /*sqlite without rowid*/;

create index memberships_by_shop on memberships (shop_id, user_id);

-- Of what the cookie holds, hashes alone.
create table sessions (
    session_id    text /*postgres collate "C"*/ not null,
    user_id       text /*postgres collate "C"*/ not null,
    secret_hash   text not null, -- of the secret in force
    offered_hash  text,          -- of the one that is to take its place as soon as it is used
    offered_at    bigint,
    old_hash      text,          -- of the one before
    old_until     bigint,        -- until when that is still taken
    opened_at     bigint not null,
    used_at       bigint not null, -- to some minutes
    rotated_at    bigint not null, -- since when the secret is in force
    primary key (session_id)
) /*sqlite without rowid*/;

create index sessions_by_user on sessions (user_id);
create index sessions_by_use on sessions (used_at);

-- Tokens that act as whoever is signed in, and end with the session.
create table session_tokens (
    token_hash  text /*postgres collate "C"*/ not null,
    session_id  text /*postgres collate "C"*/ not null,
    shop_id     text /*postgres collate "C"*/ not null,
    expires_at  bigint not null,
    primary key (token_hash)
) /*sqlite without rowid*/;

create index session_tokens_by_session on session_tokens (session_id);
create index session_tokens_by_end on session_tokens (expires_at);

-- How far attempts to sign in have used up what is allowed, by login and by address.
create table sign_in_attempts (
    attempted  text /*postgres collate "C"*/ not null, -- a hash of what was tried
    used_until bigint not null,                        -- epoch milliseconds; behind it the whole allowance is there again
    primary key (attempted)
) /*sqlite without rowid*/;

create index sign_in_attempts_by_end on sign_in_attempts (used_until);

-- What a person likes in a shop.
create table preferences (
    shop_id     text /*postgres collate "C"*/ not null,
    user_id     text /*postgres collate "C"*/ not null,
    pref_key    text /*postgres collate "C"*/ not null,
    value       text not null, -- JSON
    changed_at  bigint not null,
    primary key (shop_id, user_id, pref_key)
) /*sqlite without rowid*/;
