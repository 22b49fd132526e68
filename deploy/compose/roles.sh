#!/bin/sh
# Makes the two roles and the database, once, when PostgreSQL starts on an empty volume.
set -eu
psql --set=ON_ERROR_STOP=1 --set=owner="$OWNER_PASSWORD" --set=app="$APP_PASSWORD" --username postgres <<'SQL'
CREATE ROLE psa_owner LOGIN PASSWORD :'owner';
CREATE ROLE psa_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'app';
CREATE DATABASE psa OWNER psa_owner;
SQL
