#!/bin/sh
# Puts the built package and the packages that it needs to run into a folder: assemble.sh SOURCE TARGET. The image is made of it.
set -eu
source=$1
target=$2
mkdir -p "$target"
cd "$source"
# What `npm pack` takes is what the package needs: package.json lists it.
npm pack --ignore-scripts --silent --pack-destination "$target" > /dev/null
tar -xzf "$target"/fleetwake-*.tgz -C "$target" --strip-components 1
rm "$target"/fleetwake-*.tgz
cp package-lock.json "$target"
cp -R node_modules "$target/node_modules"
cd "$target"
npm prune --omit=dev --ignore-scripts --no-audit --no-fund --silent
